// Which acts of a colleague must be told to the one who sits here. Pure.
import type { Transition } from '../stream/messages'
import type { Alarm } from './alarm'

export type NoticeName = 'taken_back' | 'assigned'

/** `before`: the alarm as it was known. What one does oneself is no news. */
export function noticeOf(transition: Transition, before: Pick<Alarm, 'acknowledged_by'> | undefined, me: string): NoticeName | null {
  if (!me || !transition.operator || transition.operator === me) return null
  if (transition.event === 'unacknowledge' && before?.acknowledged_by === me) return 'taken_back'
  if (transition.event === 'assign' && transition.assignee === me) return 'assigned'
  return null
}
