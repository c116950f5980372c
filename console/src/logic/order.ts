// The order of the queue: what needs a person most comes first.
import { type Alarm, isFire, isUnacknowledged, type Priority } from './alarm'

const RANK: Record<Priority, number> = { urgent: 0, high: 1, low: 2 }

/** Fire, then a person in need, then who is lost: minutes count in this order. */
const need = (kind: string): number => (isFire(kind) ? 0 : kind === 'sos' || kind === 'fall' ? 1 : 2)

/** The one that a cause is named after: the most urgent, then the first. It does not change when it is taken on. */
export function compareFirst(a: Alarm, b: Alarm): number {
  return RANK[a.priority] - RANK[b.priority] || need(a.kind) - need(b.kind) || a.raised_at_ms - b.raised_at_ms
    || a.alarm_id.localeCompare(b.alarm_id)
}

/** By priority; within one, what nobody has taken on yet, by need; then the newest. */
export function compareAlarms(a: Alarm, b: Alarm): number {
  return (
    RANK[a.priority] - RANK[b.priority]
    || Number(isUnacknowledged(b)) - Number(isUnacknowledged(a))
    || need(a.kind) - need(b.kind)
    || b.raised_at_ms - a.raised_at_ms
    || b.seq - a.seq
  )
}
