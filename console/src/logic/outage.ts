// The silence of a whole county or of the whole city, as a headline: how many devices, since when. Pure.
import type { Alarm } from './alarm'

/** An outage that is wider than a site: its subject is a county, or "all". */
export const isWideOutage = (alarm: Pick<Alarm, 'kind' | 'subject_type'>): boolean =>
  alarm.kind === 'site_contact_lost' && alarm.subject_type === 'zone'

export const isCity = (alarm: Pick<Alarm, 'subject_id'>): boolean => alarm.subject_id === 'all'

const isActive = (alarm: Alarm): boolean => alarm.state.startsWith('active')

/** How many devices of the zone are silent now. Before their own alarms are here: how many were when it was raised. */
export function silentIn(outage: Alarm, all: readonly Alarm[], countyOf: (siteId: string | null) => string): number {
  const silent = all.filter(one => one.kind === 'contact_lost' && isActive(one) && (isCity(outage) || countyOf(one.site_id) === outage.subject_id)).length
  return silent || (isActive(outage) ? Number(outage.because.silent ?? 0) : 0)
}

/** Those to be told, the city before a county; a county within an outage of the city is not told beside it. */
export function wideOutages(all: readonly Alarm[]): Alarm[] {
  const found = all.filter(alarm => isWideOutage(alarm) && !alarm.shelved && !alarm.suppressed)
  return found.sort((a, b) => Number(isCity(b)) - Number(isCity(a)) || a.raised_at_ms - b.raised_at_ms)
}
