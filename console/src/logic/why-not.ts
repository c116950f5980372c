// Why a key does nothing to an alarm now, so that it can be said instead of nothing.
import { type Alarm, isOpen, isUnacknowledged, mayShelve, mayUndo } from './alarm'

export const ACTS = ['acknowledge', 'undo', 'take', 'assign', 'close', 'shelve', 'note', 'phone', 'tick'] as const
export type Act = (typeof ACTS)[number]

/** The name of a line under `work.why`, and what goes into it. */
export type Why = [name: string, named?: Record<string, unknown>]

function ofState(act: Act, alarm: Alarm, nowMs: number, me: string): Why | null {
  switch (act) {
    case 'acknowledge':
      if (isUnacknowledged(alarm)) return null
      return alarm.acknowledged_by ? ['taken_by', { name: alarm.acknowledged_by }] : ['taken']
    case 'undo':
      if (isUnacknowledged(alarm)) return ['undo_none']
      return mayUndo(alarm, nowMs) ? null : ['undo_late']
    case 'take':
      return alarm.assignee === me ? ['mine'] : null
    case 'shelve':
      if (!mayShelve(alarm)) return ['never_shelved', { kind: alarm.kind }]
      return alarm.shelved ? ['shelved', { time: alarm.shelved_until_ms }] : null
    default:
      return null
  }
}

/** Null: it can be done. */
export function whyNot(act: Act, alarm: Alarm | null, nowMs: number, me: string): Why | null {
  if (!alarm) return ['open_first']
  if (act === 'phone') return null
  return isOpen(alarm) ? ofState(act, alarm, nowMs, me) : ['ended']
}
