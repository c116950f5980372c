// What the map shows of the city, layer by layer; each is made anew only when what it shows has changed.
import type { ComputedRef, ShallowRef } from 'vue'
import { computed } from 'vue'
import { kindName, subjectName } from '../format'
import { t } from '../i18n'
import type { Priority } from '../logic/alarm'
import type { Point } from '../logic/track'
import { countyFeatures, namesOf, tally } from '../map/counties'
import {
  accuracyFeatures, alarmFeatures, chosenFeature, deviceFeatures, fenceFeatures, reachFeatures, sensorFeatures, siteFeatures, trailFeatures,
} from '../map/features'
import { openAlarms } from './alarms'
import { counties } from './basemap'
import { nowMs } from './clock'
import type { Fix } from '../logic/fix'
import { countyOf, devices, fences, residents, rosterLoaded, sites } from './roster'

const REACH_EVERY_MS = 5_000 // six metres further: hardly a pixel
const MINUTE_MS = 60_000
const every = (ms: number) => computed(() => Math.floor(nowMs.value / ms) * ms)

/** The same object while it says the same, so that nothing is drawn anew for nothing. For small layers. */
function steady<T extends object>(make: () => T): ComputedRef<T> {
  let text = ''
  return computed<T>(before => {
    const now = make()
    const said = JSON.stringify(now)
    if (before && said === text) return before
    text = said
    return now
  })
}

export function useCity(
  fixes: ShallowRef<ReadonlyMap<string, Fix>>, chosen: ComputedRef<string>, site: ComputedRef<string>, trail: ShallowRef<readonly Point[]>,
) {
  const minute = every(MINUTE_MS)
  const moment = every(REACH_EVERY_MS)
  const names = computed(() => new Map(rosterLoaded.value ? [...devices.items.values()].map(
    device => [device.device_id, residents.items.get(device.resident_id ?? '')?.name ?? device.device_id]) : []))
  const nameOf = (deviceId: string): string => names.value.get(deviceId) ?? deviceId
  const shown = computed(() => openAlarms.value.filter(alarm => !alarm.shelved))
  /** What a person must see: maintenance is in the list, not on the map. */
  const loud = computed(() => shown.value.filter(alarm => alarm.priority !== 'low'))

  const siteLayer = computed(() => siteFeatures(rosterLoaded.value ? sites.items.values() : []))
  const sensorLayer = computed(() => {
    const counts = new Map<string, number>()
    for (const { kind, site_id: site } of rosterLoaded.value ? devices.items.values() : []) {
      if (site && kind !== 'wristband') counts.set(site, (counts.get(site) ?? 0) + 1)
    }
    return sensorFeatures(sites.items, counts)
  })
  const fenceLayer = computed(() => fenceFeatures(rosterLoaded.value ? fences.items.values() : [], minute.value, (fence, faint) =>
    t(faint ? 'live.fence_faint' : 'live.fence', { role: t(`live.${fence.role}`), name: fence.name ?? fence.fence_id })))
  const deviceLayer = computed(() => deviceFeatures(fixes.value, nameOf))
  const marks = (priority: Priority) => alarmFeatures(
    loud.value.filter(alarm => alarm.priority === priority), fixes.value, sites.items,
    alarm => `${kindName(alarm.kind)} ${subjectName(alarm)}`)
  const urgentLayer = steady(() => marks('urgent'))
  const highLayer = steady(() => marks('high'))
  /** Who is chosen, and whoever has an urgent alarm: how sure, and how far by now. */
  const watched = computed(() => {
    const ids = new Set(loud.value.filter(alarm => alarm.priority === 'urgent').map(alarm => alarm.device_id ?? ''))
    return [...ids.add(chosen.value)].flatMap(id => fixes.value.get(id) ?? [])
  })
  const accuracyLayer = steady(() => accuracyFeatures(watched.value))
  const reachLayer = steady(() => reachFeatures(watched.value, moment.value))
  const chosenLayer = steady(() => chosenFeature(fixes.value.get(chosen.value) ?? sites.items.get(site.value)))
  const trailLayer = steady(() => trailFeatures(trail.value))
  const tallies = computed(() => tally(namesOf(counties.value), shown.value, countyOf,
    [...fixes.value.keys()].map(id => devices.items.get(id)?.site_id ?? null)))
  const countyLayer = steady(() => countyFeatures(counties.value, tallies.value, (priority, count) => `${t(`priority.${priority}`)} ${count}`))

  const layers = computed(() => ({
    sites: siteLayer.value, sensors: sensorLayer.value, fences: fenceLayer.value, devices: deviceLayer.value, highs: highLayer.value,
    alarms: urgentLayer.value, accuracy: accuracyLayer.value, reach: reachLayer.value, trail: trailLayer.value,
    chosen: chosenLayer.value, 'county-names': countyLayer.value,
  }))
  return { layers, loud, shown, nameOf, tallies }
}
