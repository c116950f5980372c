// Which alarm to go on with: the most pressing that nobody has taken on. It is offered, never opened by itself.
import { type Alarm, isUnacknowledged } from './alarm'
import { viewOf } from './filter'

/** `sorted`: in the queue's order; `not`: the one that is open now. */
export const nextWaiting = (sorted: readonly Alarm[], not = ''): Alarm | undefined =>
  sorted.find(alarm => alarm.alarm_id !== not && isUnacknowledged(alarm) && viewOf(alarm) === 'queue')
