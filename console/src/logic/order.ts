// The order of the queue: what needs a person most comes first.
import { type Alarm, isUnacknowledged, PRIORITIES } from './alarm'

const rank = (alarm: Alarm): number => PRIORITIES.indexOf(alarm.priority)

/** By priority; within one, what nobody has taken on yet; then the newest. */
export function compareAlarms(a: Alarm, b: Alarm): number {
  return (
    rank(a) - rank(b)
    || Number(isUnacknowledged(b)) - Number(isUnacknowledged(a))
    || b.raised_at_ms - a.raised_at_ms
    || b.seq - a.seq
  )
}
