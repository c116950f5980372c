import { describe, expect, it } from 'vitest'
import { type TickForm, timeAxis } from '../src/logic/time-axis'

const at = (text: string): number => Date.parse(`${text}:00+08:00`)
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** As `axisTime` of the pages writes it, which is of a browser. */
const FORMS: Record<TickForm, Intl.DateTimeFormatOptions> = {
  time: { hour: '2-digit', minute: '2-digit' }, day_time: { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  day: { month: '2-digit', day: '2-digit' }, date: { year: 'numeric', month: '2-digit', day: '2-digit' },
}
const axisTime = (ms: number, form: TickForm): string =>
  new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', hourCycle: 'h23', ...FORMS[form] }).format(ms)

/** The labels of an axis whose first and last columns are these. */
function labels(first: string, columns: number, columnMs: number, widthPx = 560): string[] {
  const from = at(first)
  const { ticksMs, form } = timeAxis(from, from + (columns - 1) * columnMs, columnMs, widthPx)
  return ticksMs.map(ms => axisTime(ms, form))
}

describe('the axis of a chart', () => {
  it('names the one hour there is', () => {
    expect(labels('2026-11-23T22:00', 1, HOUR)).toEqual(['22:00'])
  })
  it('is a shift of the day in hours', () => {
    expect(labels('2026-11-23T08:00', 12, HOUR)).toEqual(['08:00', '10:00', '12:00', '14:00', '16:00', '18:00'])
  })
  it('says the day where there is more than one', () => {
    const night = labels('2026-11-23T20:00', 12, HOUR)
    expect(night.length).toBeGreaterThan(1)
    for (const label of night) expect(label).toMatch(/^11\/2[34] \d\d:00$/)
    expect(night).toContain('11/24 00:00')
  })
  it('is midnights of the city for days, whatever zone this computer is set to', () => {
    expect(labels('2026-11-20T00:00', 4, DAY)).toEqual(['11/20', '11/21', '11/22', '11/23'])
    const { ticksMs } = timeAxis(at('2026-11-01T00:00'), at('2026-11-30T00:00'), DAY, 560)
    for (const ms of ticksMs) expect((ms + 8 * HOUR) % DAY).toBe(0)
  })
  it('says the year where a day comes twice', () => {
    expect(labels('2025-11-01T00:00', 400, DAY)[0]).toBe('2025/11/01')
  })
  it('never says the same twice, and never more than fits', () => {
    for (const first of ['2026-11-23T00:00', '2026-11-23T07:00', '2026-12-31T20:00']) {
      for (const widthPx of [250, 400, 560, 1200]) {
        for (const [columns, columnMs] of [[1, HOUR], [2, HOUR], [5, HOUR], [12, HOUR], [24, HOUR], [25, HOUR], [48, HOUR], [96, HOUR],
          [5, DAY], [7, DAY], [31, DAY], [92, DAY], [400, DAY]] as const) {
          const said = labels(columnMs === DAY ? `${first.slice(0, 10)}T00:00` : first, columns, columnMs, widthPx)
          expect(said.length, `${first} ${columns}`).toBeGreaterThan(0)
          expect(new Set(said).size).toBe(said.length)
          expect(said.length).toBeLessThanOrEqual(columns)
          expect(said.length * 62).toBeLessThanOrEqual(widthPx + 104)
        }
      }
    }
  })
})
