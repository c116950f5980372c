import { describe, expect, it } from 'vitest'
import zh from '../src/i18n/zh-CN'
import { fromField, quickEnds, toField, wrongWith } from '../src/logic/outing'
import { becauseInWords } from '../src/logic/words'

const at = (text: string): number => Date.parse(`${text}:00+08:00`)
const HOUR = 3_600_000

describe('the times of an outing', () => {
  it('are the city\'s', () => {
    expect(toField(at('2026-11-23T20:00'))).toBe('2026-11-23T20:00')
    expect(fromField('2026-11-23T20:00')).toBe(at('2026-11-23T20:00'))
    expect(fromField('')).toBeNull()
  })
  it('are quickly chosen, and never in the past', () => {
    expect(quickEnds(at('2026-11-23T14:30')).map(one => [one.name, toField(one.ms)])).toEqual([
      ['two_hours', '2026-11-23T16:30'], ['evening', '2026-11-23T20:00'], ['tomorrow', '2026-11-24T20:00'],
    ])
    expect(quickEnds(at('2026-11-23T23:59') + 1).map(one => [one.name, toField(one.ms)])).toEqual([
      ['two_hours', '2026-11-24T02:00'], ['tomorrow', '2026-11-24T20:00'],
    ])
  })
  it('have limits', () => {
    const now = at('2026-11-23T14:30')
    expect(wrongWith(null, now + 72 * HOUR, now)).toBeNull()
    expect(wrongWith(null, now + 72 * HOUR + 1, now)).toBe('long')
    expect(wrongWith(null, now, now)).toBe('end')
    expect(wrongWith(null, null, now)).toBe('end')
    expect(wrongWith(now + 2 * HOUR, now + HOUR, now)).toBe('end')
    expect(wrongWith(now + 31 * 24 * HOUR, now + 31 * 24 * HOUR + HOUR, now)).toBe('far')
    expect(wrongWith(now - 71 * HOUR, now + 2 * HOUR, now)).toBe('long')
  })
})

describe('an overdue return', () => {
  const t = (key: string, named: Record<string, unknown> = {}): string => {
    const word = key.split('.').reduce<unknown>((found, part) => (found as Record<string, unknown>)?.[part], zh)
    return String(word).replace(/\{(\w+)\}/g, (_, name: string) => String(named[name]))
  }
  it('is said before everything else', () => {
    const because = { rule: 'fence', margin_m: -300, acc_m: 8, src: 'gnss', outing_id: 'o1', outing_ended_at_ms: 1_000_000_000_000 }
    expect(becauseInWords(because, t, 1_000_000_000_000 + 15 * 60_000)).toMatch(/^批准外出已到期 15 分钟.*仍未返回，/)
    expect(becauseInWords({ ...because, outing_ended_at_ms: undefined }, t, 0)).toMatch(/^外出期间离开了目的地，/)
    expect(becauseInWords({ rule: 'fence', in_force: false, outing_id: 'o1' }, t, 0)).toContain('批准外出')
  })
})
