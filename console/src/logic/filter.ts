// What of the open alarms is looked at: the filters, their form in the address, and whether an alarm fits.
import { type Alarm, isQuiet, isUnacknowledged } from './alarm'

export const VIEWS = ['queue', 'maintenance', 'shelved', 'suppressed'] as const
export type View = (typeof VIEWS)[number]
/** `overdue`: nobody has taken it on for longer than the minute in which it should have been answered. */
export const STATES = ['unacknowledged', 'overdue', 'acknowledged'] as const
/** How long ago it was raised: at most so long, or (`over24h`) longer. */
export const TIMES = ['10m', '1h', '8h', '24h', 'over24h'] as const

/** Every member is a text, empty when it does not narrow; several kinds are joined by commas. */
export interface Filter {
  view: View
  county: string
  site: string
  kind: string
  priority: string
  state: string
  person: string
  time: string
  mine: string
  q: string
}

export const NO_FILTER: Filter = {
  view: 'queue', county: '', site: '', kind: '', priority: '', state: '', person: '', time: '', mine: '', q: '',
}
/** Of what is mine only what was assigned to me. */
export const GIVEN = 'given'
export const OVERDUE_MS = 60_000
export const STALE_MS = 24 * 3_600_000

const TIME_MS: Record<string, number> = { '10m': 600_000, '1h': 3_600_000, '8h': 8 * 3_600_000, '24h': STALE_MS }
const NAMES = Object.keys(NO_FILTER) as (keyof Filter)[]

export function fromQuery(query: Record<string, unknown>): Filter {
  const text = (name: string): string => (typeof query[name] === 'string' ? query[name] : '')
  const filter = Object.fromEntries(NAMES.map(name => [name, text(name)])) as unknown as Filter
  return { ...filter, view: VIEWS.find(known => known === query.view) ?? 'queue' }
}

/** Only what is set, so that the address of the plain queue stays plain. */
export function toQuery(filter: Filter): Record<string, string> {
  return Object.fromEntries(NAMES.filter(name => filter[name] !== NO_FILTER[name]).map(name => [name, filter[name]]))
}

export const isFiltered = (filter: Filter): boolean => NAMES.some(name => name !== 'view' && filter[name] !== '')
export const kindsOf = (filter: Filter): string[] => filter.kind.split(',').filter(Boolean)

/** Which list an open alarm is in: exactly one, so that the four counts add up to all of them. */
export function viewOf(alarm: Alarm): View {
  if (alarm.shelved) return 'shelved'
  if (isQuiet(alarm)) return 'suppressed'
  return alarm.priority === 'low' ? 'maintenance' : 'queue'
}

export function isOverdue(alarm: Alarm, nowMs: number): boolean {
  return isUnacknowledged(alarm) && nowMs - alarm.raised_at_ms > OVERDUE_MS
}

/** What the filters need to know beside the alarm. */
export interface Knowledge {
  countyOf: (siteId: string | null) => string
  /** Whether the text occurs in the alarm's names. */
  found: (alarm: Alarm, q: string) => boolean
  me: string
  nowMs: () => number
}

/** Says of an alarm whether it is looked at. `nowMs` is asked only where the filter needs the time. */
export function matcher(filter: Filter, known: Knowledge): (alarm: Alarm) => boolean {
  const tests: ((alarm: Alarm) => boolean)[] = [alarm => viewOf(alarm) === filter.view]
  const kinds = new Set(kindsOf(filter))
  if (filter.priority) tests.push(alarm => alarm.priority === filter.priority)
  if (kinds.size) tests.push(alarm => kinds.has(alarm.kind))
  if (filter.state === 'overdue') {
    const nowMs = known.nowMs()
    tests.push(alarm => isOverdue(alarm, nowMs))
  } else if (filter.state) tests.push(alarm => isUnacknowledged(alarm) === (filter.state === 'unacknowledged'))
  if (filter.site) tests.push(alarm => alarm.site_id === filter.site)
  if (filter.person) tests.push(alarm => alarm.resident_id === filter.person)
  if (filter.mine === GIVEN) tests.push(alarm => alarm.assignee === known.me)
  else if (filter.mine) tests.push(alarm => alarm.assignee === known.me || (!alarm.assignee && alarm.acknowledged_by === known.me))
  if (filter.time) {
    const sinceMs = known.nowMs() - (TIME_MS[filter.time] ?? STALE_MS)
    tests.push(alarm => (alarm.raised_at_ms >= sinceMs) === (filter.time !== 'over24h'))
  }
  if (filter.county) tests.push(alarm => known.countyOf(alarm.site_id) === filter.county)
  if (filter.q.trim()) tests.push(alarm => known.found(alarm, filter.q))
  return alarm => tests.every(test => test(alarm))
}
