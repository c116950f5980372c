// What of the open alarms is looked at: the filters, their form in the address, and whether an alarm fits.
import { type Alarm, isQuiet, isUnacknowledged } from './alarm'

export const VIEWS = ['queue', 'maintenance', 'shelved', 'suppressed'] as const
export type View = (typeof VIEWS)[number]
export type Acknowledged = 'unacknowledged' | 'acknowledged'

export interface Filter {
  view: View
  county: string
  site: string
  kind: string
  priority: string
  state: string
  q: string
}

export const NO_FILTER: Filter = { view: 'queue', county: '', site: '', kind: '', priority: '', state: '', q: '' }

type Query = Record<string, unknown>

export function fromQuery(query: Query): Filter {
  const text = (name: string): string => (typeof query[name] === 'string' ? query[name] : '')
  const view = VIEWS.find(known => known === query.view) ?? 'queue'
  return {
    view,
    county: text('county'),
    site: text('site'),
    kind: text('kind'),
    priority: text('priority'),
    state: text('state'),
    q: text('q'),
  }
}

/** Only what is set, so that the address of the plain queue stays plain. */
export function toQuery(filter: Filter): Record<string, string> {
  const entries = Object.entries(filter).filter(([name, value]) => value !== NO_FILTER[name as keyof Filter])
  return Object.fromEntries(entries)
}

/** Which list an open alarm is in: exactly one, so that the four counts add up to all of them. */
export function viewOf(alarm: Alarm): View {
  if (alarm.shelved) return 'shelved'
  if (isQuiet(alarm)) return 'suppressed'
  return alarm.priority === 'low' ? 'maintenance' : 'queue'
}

/** `countyOf` knows the roster; `found` says whether the text occurs in the alarm's names. */
export function fits(
  alarm: Alarm,
  filter: Filter,
  countyOf: (siteId: string | null) => string,
  found: (alarm: Alarm, q: string) => boolean,
): boolean {
  if (viewOf(alarm) !== filter.view) return false
  if (filter.county && countyOf(alarm.site_id) !== filter.county) return false
  if (filter.site && alarm.site_id !== filter.site) return false
  if (filter.kind && alarm.kind !== filter.kind) return false
  if (filter.priority && alarm.priority !== filter.priority) return false
  if (filter.state && isUnacknowledged(alarm) !== (filter.state === 'unacknowledged')) return false
  return !filter.q || found(alarm, filter.q)
}
