// The order of the queue: what needs a person most comes first.
import { type Alarm, isUnacknowledged, type Priority } from './alarm'

const RANK: Record<Priority, number> = { urgent: 0, high: 1, low: 2 }

/** By priority; within one, what nobody has taken on yet; then the newest. */
export function compareAlarms(a: Alarm, b: Alarm): number {
  return (
    RANK[a.priority] - RANK[b.priority]
    || Number(isUnacknowledged(b)) - Number(isUnacknowledged(a))
    || b.raised_at_ms - a.raised_at_ms
    || b.seq - a.seq
  )
}
