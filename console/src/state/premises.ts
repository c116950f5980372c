// The detectors and the people of one site, read anew while somebody looks: what was read last stays, and
// what could not be read is said for each list.
import { onBeforeUnmount, reactive, shallowRef } from 'vue'
import { get, withQuery } from '../api'
import type { Device, Resident } from './roster'

const LIMIT = 5000

export function usePremises(siteOf: () => string | null) {
  const devices = shallowRef<Device[] | null>(null)
  const residents = shallowRef<Resident[] | null>(null)
  const failed = reactive({ devices: false, residents: false })
  let gone = false
  onBeforeUnmount(() => (gone = true))

  async function list<T>(name: 'devices' | 'residents', into: { value: T[] | null }, site: string): Promise<void> {
    try {
      const page = await get<{ items: T[] }>(withQuery(`/${name}`, { site_id: site, limit: LIMIT }))
      if (gone || siteOf() !== site) return
      into.value = page.items
      failed[name] = false
    } catch {
      failed[name] = true
    }
  }
  let of: string | null = null
  async function read(): Promise<void> {
    const site = siteOf()
    if (site !== of) devices.value = residents.value = null
    of = site
    if (site) await Promise.all([list('devices', devices, site), list('residents', residents, site)])
  }
  return { devices, residents, failed, read }
}
