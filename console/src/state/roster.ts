// Who lives where and wears what: read once, looked up everywhere. What is not known yet is asked for.
import { ref, shallowReactive } from 'vue'
import { ApiError, get, withQuery } from '../api'
import type { components } from '../api-types'
import { afterAlarms } from './alarms'

type Schemas = components['schemas']
export type Site = Schemas['Site']
export type Resident = Schemas['Resident']
export type Fence = Schemas['Fence']
export type Device = Schemas['DeviceState']

interface Page<T> {
  items: T[]
  next_after: string | null
}

const PAGE = 5000
const FRESH_MS = 10 * 60_000

class Book<T> {
  readonly items = shallowReactive(new Map<string, T>())
  private readonly asked = new Set<string>()

  constructor(private readonly path: string, private readonly idOf: (item: T) => string) {}

  async load(): Promise<void> {
    const gone = new Set(this.items.keys())
    let after: string | null = null
    do {
      const page: Page<T> = await get<Page<T>>(withQuery(`/${this.path}`, { limit: PAGE, after }))
      for (const item of page.items) {
        this.items.set(this.idOf(item), item)
        gone.delete(this.idOf(item))
      }
      after = page.next_after
    } while (after !== null)
    gone.forEach(id => this.items.delete(id))
    this.asked.clear()
  }

  /** Ask for one anew: its battery and last contact are of the moment it was read. */
  async refresh(id: string | null): Promise<void> {
    if (!id) return
    const found = await get<T>(`/${this.path}/${encodeURIComponent(id)}`).catch(() => null)
    if (found) this.items.set(id, found)
  }

  /** What is known; the unknown is asked for once, and appears when it comes. */
  find(id: string | null | undefined): T | undefined {
    if (!id) return undefined
    const item = this.items.get(id)
    if (!item && rosterLoaded.value && !this.asked.has(id)) {
      this.asked.add(id)
      get<T>(`/${this.path}/${encodeURIComponent(id)}`).then(
        found => this.items.set(id, found),
        error => {
          if (!(error instanceof ApiError && error.status === 404)) this.asked.delete(id)
        },
      )
    }
    return item
  }
}

export const rosterLoaded = ref(false)
export const sites = new Book<Site>('sites', site => site.site_id)
export const residents = new Book<Resident>('residents', resident => resident.resident_id)
export const devices = new Book<Device>('devices', device => device.device_id)
export const fences = new Book<Fence>('fences', fence => fence.fence_id)

let timer: ReturnType<typeof setTimeout> | undefined

export async function loadRoster(): Promise<void> {
  clearTimeout(timer)
  let again = FRESH_MS
  try {
    // Devices are the longest to read, and alarms can be told without them.
    await Promise.all([sites.load(), residents.load(), fences.load(), afterAlarms().then(() => devices.load())])
    rosterLoaded.value = true
  } catch {
    again = 5_000
  }
  timer = setTimeout(() => void loadRoster(), again)
}

export function stopRoster(): void {
  clearTimeout(timer)
}

export const countyOf = (siteId: string | null): string => sites.find(siteId)?.county ?? ''

/** The fences a device is held to: its own list, or those of its site. */
export function fencesOf(deviceId: string | null): Fence[] {
  const device = devices.find(deviceId)
  if (!device) return []
  if (device.fence_ids) return device.fence_ids.map(id => fences.items.get(id)).filter(fence => fence !== undefined)
  return [...fences.items.values()].filter(fence => fence.site_id !== null && fence.site_id === device.site_id)
}
