import { describe, expect, it } from 'vitest'
import zh from '../src/i18n/zh-CN'
import { escortOf, fromField, outingOfAlarm, quickEnds, toField, wrongWith } from '../src/logic/outing'
import { becauseInWords } from '../src/logic/words'
import { alarm } from './making'

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

describe('an alarm of somebody who is out', () => {
  const NOON = 1_800_000_000_000
  const outing = (more: object = {}) => ({ outing_id: 'O1', resident_id: 'P1', from_ms: NOON - HOUR, until_ms: NOON + HOUR, ended_at_ms: null, ...more }) as Parameters<typeof outingOfAlarm>[1][number]
  const sos = (more: object = {}) => alarm({ resident_id: 'P1', raised_at_ms: NOON, ...more })
  it('is read with the outing that ran when it was raised, or that it names', () => {
    expect(outingOfAlarm(sos(), [outing()], NOON + 2 * HOUR)?.outing_id).toBe('O1')
    expect(outingOfAlarm(sos(), [outing({ until_ms: NOON - 1 })], NOON)).toBeUndefined()
    expect(outingOfAlarm(sos({ kind: 'fence_left', because: { outing_id: 'O1' } }), [outing({ until_ms: NOON - 1 })], NOON)?.outing_id).toBe('O1')
    expect(outingOfAlarm(sos({ raised_at_ms: NOON - 2 * HOUR }), [outing()], NOON)?.outing_id).toBe('O1')
  })
  it('is not read with another person’s, one that was called off, or for a device', () => {
    expect(outingOfAlarm(sos({ resident_id: 'P2' }), [outing()], NOON)).toBeUndefined()
    expect(outingOfAlarm(sos(), [outing({ ended_at_ms: NOON - HOUR })], NOON)).toBeUndefined()
    expect(outingOfAlarm(sos({ kind: 'low_battery' }), [outing()], NOON)).toBeUndefined()
  })
  it('finds the escort’s number in what was written, or among the contacts', () => {
    const contacts = [{ name: '王芳', relation: '女儿', phone: '000-0002' }, { name: '王强', relation: '儿子', phone: '000-0001' }]
    expect(escortOf('儿子 王强，电话 13800000000', contacts)).toEqual({ name: '儿子 王强', phone: '13800000000' })
    expect(escortOf('0536-8888888（王强）', contacts)).toEqual({ name: '王强', phone: '0536-8888888' })
    expect(escortOf('王强', contacts)).toEqual({ name: '王强', phone: '000-0001' })
    expect(escortOf('女儿', contacts)).toEqual({ name: '女儿', phone: '000-0002' })
    expect(escortOf('护工 3 号', contacts)).toEqual({ name: '护工 3 号', phone: null })
    expect(escortOf('  ', contacts)).toBeNull()
  })
})
