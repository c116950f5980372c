// What the tests of the queue and the drawer make: alarms, timelines, translations that refuse a missing key.
import { expect } from 'vitest'
import type { Alarm, AlarmWithTimeline } from '../src/logic/alarm'
import type { Translate } from '../src/logic/words'

export const NOW = 1_800_000_000_000
let seq = 0

export function alarm(more: Partial<Alarm> = {}): Alarm {
  seq++
  return {
    alarm_id: `A${seq}`, version: 1, seq, subject_type: 'device', subject_id: `W${seq}`, device_id: `W${seq}`, site_id: 'S1',
    resident_id: null, kind: 'sos', fence_id: null, priority: 'urgent', state: 'active_unacknowledged', shelved: false,
    shelved_until_ms: null, suppressed: false, out_of_service: false, count: 1, assignee: null, because: {}, position: null,
    measured_at_ms: null, received_at_ms: null, raised_at_ms: NOW + seq, committed_at_ms: NOW, shown_at_ms: null,
    acknowledged_at_ms: null, acknowledged_by: null, cleared_at_ms: null, closed_at_ms: null, outcome: null, ...more,
  }
}

export const withTimeline = (of: Alarm, ...timeline: Record<string, unknown>[]): AlarmWithTimeline =>
  ({ ...of, timeline, timeline_omitted: 0, payload_head: null })

export const words = (messages: object): Translate => (key, named = {}) => {
  const found = key.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], messages)
  expect(found, key).toBeTypeOf('string')
  return String(found).replaceAll(/\{(\w+)\}/g, (_, name: string) => String(named[name]))
}
