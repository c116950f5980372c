import { describe, expect, it } from 'vitest'
import type { Figures } from '../src/logic/shift'
import { todayOf } from '../src/logic/today'

const outcome = (kind: string, real: number, wrong: number, test: number, other: number) =>
  ({ kind, raised: 9, ended: 9, real, false: wrong, test, other, false_share: null })

function figures(more: object = {}): Figures {
  return {
    raised: { by_priority: { urgent: 3, high: 2, low: 1 } },
    answering: { urgent_high: { p50_ms: 41_000, within_60_s: { of: 5, met: 4, share: 0.8 } }, urgent: { p50_ms: 1, within_60_s: { of: 3, met: 3, share: 1 } } },
    outcomes: [outcome('sos', 1, 1, 0, 0), outcome('fall', 0, 0, 1, 1)],
    ...more,
  } as unknown as Figures
}
const summary = { devices: { wristband: { registered: 40, heard_in_last_hour: 30 }, fire_sensor: { registered: 9, heard_in_last_hour: 9 } } }

describe('the figures on the wall', () => {
  it('are those of the service, of urgent and high together', () => {
    expect(todayOf(figures(), summary as never)).toEqual({
      raised: { urgent: 3, high: 2, low: 1 }, closed: 4, falseShare: 0.25, answerP50Ms: 41_000, answeredIn60: 0.8, devices: 49, heard: 39,
    })
  })
  it('has no share of nothing', () => {
    const none = todayOf(figures({ outcomes: [], answering: { urgent_high: { p50_ms: null, within_60_s: { of: 0, met: 0, share: null } } } }), { devices: {} } as never)
    expect(none).toMatchObject({ closed: 0, falseShare: null, answerP50Ms: null, answeredIn60: null })
  })
})
