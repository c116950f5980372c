import { describe, expect, it } from 'vitest'
import {
  atLeast, atMost, beside, type Figures, percent, presetSpan, slots, spanName, spanOf, spanQuery, wallClock,
} from '../src/logic/shift'

const at = (text: string): number => Date.parse(`${text}:00+08:00`)
const span = (from: string, to: string) => ({ fromMs: at(from), toMs: at(to) })

describe('presets', () => {
  it('is the shift that is on duty', () => {
    expect(presetSpan('now', at('2026-11-23T08:00'))).toEqual(span('2026-11-23T08:00', '2026-11-23T20:00'))
    expect(presetSpan('now', at('2026-11-23T19:59'))).toEqual(span('2026-11-23T08:00', '2026-11-23T20:00'))
    expect(presetSpan('now', at('2026-11-23T20:00'))).toEqual(span('2026-11-23T20:00', '2026-11-24T08:00'))
    expect(presetSpan('now', at('2026-11-24T03:00'))).toEqual(span('2026-11-23T20:00', '2026-11-24T08:00'))
  })
  it('names the newest that has begun', () => {
    expect(presetSpan('day', at('2026-11-24T03:00'))).toEqual(span('2026-11-23T08:00', '2026-11-23T20:00'))
    expect(presetSpan('night', at('2026-11-23T12:00'))).toEqual(span('2026-11-22T20:00', '2026-11-23T08:00'))
  })
  it('knows days and months of the city', () => {
    expect(presetSpan('today', at('2026-11-24T00:30'))).toEqual(span('2026-11-24T00:00', '2026-11-25T00:00'))
    expect(presetSpan('month', at('2026-12-01T00:10'))).toEqual(span('2026-12-01T00:00', '2027-01-01T00:00'))
    expect(presetSpan('last_month', at('2026-03-31T23:00'))).toEqual(span('2026-02-01T00:00', '2026-03-01T00:00'))
    expect(presetSpan('last_month', at('2027-01-01T00:00'))).toEqual(span('2026-12-01T00:00', '2027-01-01T00:00'))
  })
})

describe('a stretch', () => {
  it('has a name', () => {
    expect(spanName(span('2026-11-23T08:00', '2026-11-23T20:00'))).toBe('day')
    expect(spanName(span('2026-11-23T20:00', '2026-11-24T08:00'))).toBe('night')
    expect(spanName(span('2026-11-23T00:00', '2026-11-24T00:00'))).toBe('whole_day')
    expect(spanName(span('2026-02-01T00:00', '2026-03-01T00:00'))).toBe('whole_month')
    expect(spanName(span('2026-02-01T00:00', '2026-03-02T00:00'))).toBe('custom')
  })
  it('has neighbours; a month has months', () => {
    expect(beside(span('2026-03-01T00:00', '2026-04-01T00:00'), -1)).toEqual(span('2026-02-01T00:00', '2026-03-01T00:00'))
    expect(beside(span('2026-11-23T20:00', '2026-11-24T08:00'), 1)).toEqual(span('2026-11-24T08:00', '2026-11-24T20:00'))
  })
  it('comes back from the address as it went in', () => {
    const one = span('2026-11-23T20:00', '2026-11-24T08:00')
    expect(spanQuery(one)).toEqual({ from: '2026-11-23T20:00', to: '2026-11-24T08:00' })
    expect(spanOf(spanQuery(one))).toEqual(one)
    expect(wallClock(one.fromMs)).toBe('2026-11-23T20:00')
  })
  it('is none when the address says nonsense', () => {
    for (const query of [{}, { from: 'x', to: 'y' }, { from: '2026-13-01T00:00', to: '2027-01-01T00:00' }, { from: ['a'], to: null },
      { from: '2026-11-24T08:00', to: '2026-11-23T08:00' }, { from: '2020-01-01T00:00', to: '2026-01-01T00:00' }]) {
      expect(spanOf(query)).toBeNull()
    }
  })
})

describe('goals', () => {
  it('never rounds a missed goal up to it', () => {
    expect(percent(0.97499)).toBe('97.4%')
    expect(percent(0.975)).toBe('97.5%')
    expect(percent(1)).toBe('100.0%')
    expect(percent(null)).toBe('–')
    expect(atLeast(0.97499, 0.975)).toBe('bad')
    expect(atLeast(null, 0.975)).toBe('none')
  })
  it('knows acceptable, high and too much', () => {
    expect([6, 6.1, 12, 12.1, null].map(value => atMost(value, 6, 12))).toEqual(['good', 'fair', 'fair', 'bad', 'none'])
  })
})

describe('columns of charts', () => {
  const hours = (n: number) => Array.from({ length: n }, (_, hour) => ({
    at_ms: at('2026-11-01T00:00') + hour * 3_600_000, urgent: 1, high: 2, low: 3, announced: 7, operators: hour % 2 ? 2 : 0,
  }))
  it('are hours of a shift', () => {
    const made = slots({ hours: hours(12) } as unknown as Figures)
    expect(made.byDay).toBe(false)
    expect(made.slots[0]).toMatchObject({ urgent: 1, announced: 7, operatorHours: 1 })
  })
  it('are days of a month, with nothing lost', () => {
    const made = slots({ hours: hours(24 * 30) } as unknown as Figures)
    expect(made.byDay).toBe(true)
    expect(made.slots).toHaveLength(30)
    expect(made.slots[29]).toMatchObject({ atMs: at('2026-11-30T00:00'), urgent: 24, low: 72, announced: 168, operatorHours: 12 + 24 })
  })
})
