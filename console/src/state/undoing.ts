// Takes an acknowledgement back: one's own at once, a colleague's only after the question was answered.
import { shallowRef } from 'vue'
import type { Alarm } from '../logic/alarm'
import { run } from './doing'
import { session } from './session'

/** Whose acknowledgement is asked about. */
export const askedAbout = shallowRef<Alarm | null>(null)

export const isOwn = (alarm: Alarm): boolean => alarm.acknowledged_by === session.value?.name

export function undo(alarm: Alarm): void {
  if (isOwn(alarm)) void run(alarm, 'unacknowledge')
  else askedAbout.value = alarm
}
