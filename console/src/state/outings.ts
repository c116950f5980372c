// Who is out with approval, and who will be: read while something on the page shows it.
import { onBeforeUnmount, ref, shallowRef } from 'vue'
import { ApiError, get, withQuery } from '../api'
import type { components } from '../api-types'
import { t } from '../i18n'
import type { Alarm } from '../logic/alarm'
import { outingOfAlarm } from '../logic/outing'
import { nowMs } from './clock'
import { asked, Refusal } from './rosterEdit'

export type Outing = components['schemas']['Outing']
type Page = components['schemas']['OutingPage']

const FRESH_MS = 20_000
/** Who is overdue is still to be looked for with whom he went. */
const BACK_MS = 12 * 3_600_000
const PAGE = 1000
const known = shallowRef<Outing[]>([])
/** Whether what is shown is what the service last said. */
export const outingsFailed = ref(false)
let watchers = 0
let timer: ReturnType<typeof setTimeout> | undefined

export async function readOutings(): Promise<void> {
  clearTimeout(timer)
  try {
    const found: Outing[] = []
    let after: number | null = 0
    while (after !== null) {
      const page: Page = await get<Page>(withQuery('/outings', { from_ms: Date.now() - BACK_MS, after_seq: after, limit: PAGE }))
      found.push(...page.items)
      after = page.next_after_seq
    }
    known.value = found
    outingsFailed.value = false
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    outingsFailed.value = true
  }
  clearTimeout(timer)
  if (watchers) timer = setTimeout(() => void readOutings(), FRESH_MS)
}

/** For components that show outings: they are read as long as one of these is there. */
export function useOutings(): void {
  if (watchers++ === 0) void readOutings()
  onBeforeUnmount(() => {
    if (--watchers === 0) clearTimeout(timer)
  })
}

const endOf = (outing: Outing): number => outing.ended_at_ms ?? outing.until_ms
export const isRunning = (outing: Outing): boolean => outing.from_ms <= nowMs.value && endOf(outing) > nowMs.value

/** The outing a resident is on, or else the next one. */
export function outingOf(residentId: string | null | undefined): Outing | undefined {
  const theirs = known.value.filter(one => one.resident_id === residentId && endOf(one) > Math.max(nowMs.value, one.from_ms))
  return theirs.find(isRunning) ?? theirs[0]
}

/** The outing that an alarm is to be read with. */
export const outingFor = (alarm: Alarm): Outing | undefined => outingOfAlarm(alarm, known.value, nowMs.value)

export const runningOutings = (): Outing[] => known.value.filter(isRunning)

/** What was refused, in words; null: done. */
async function tried(method: string, path: string, body?: object): Promise<string | null> {
  try {
    await asked<Outing>(method, path, body)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.code === 'overlaps' ? t('outing.overlaps') : Object.values(error.fields)[0] ?? error.words
  } finally {
    await readOutings()
  }
  return null
}

export interface Wanted {
  resident_id: string
  from_ms?: number
  until_ms: number
  reason: string
  escort?: string
  note?: string
  fence_id?: string
}
export const approve = (wanted: Wanted): Promise<string | null> => tried('POST', '/outings', wanted)
export const prolong = (id: string, untilMs: number): Promise<string | null> => tried('PATCH', `/outings/${encodeURIComponent(id)}`, { until_ms: untilMs })
export const end = (id: string): Promise<string | null> => tried('POST', `/outings/${encodeURIComponent(id)}/end`)
