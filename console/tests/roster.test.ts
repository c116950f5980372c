import { describe, expect, it } from 'vitest'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'
import { errorsByField, findingWords } from '../src/logic/rosterErrors'
import { ageOf, changesOf, cleaned, draftOf, FIELDS, fieldKey, type Kind } from '../src/logic/rosterFields'

const at = (key: string, messages: object = zh): unknown =>
  key.split('.').reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], messages)
const t = (key: string, named: Record<string, unknown> = {}): string => {
  expect(at(key), key).toBeTypeOf('string')
  return String(at(key)).replaceAll(/\{(\w+)\}/g, (_, name: string) => String(named[name]))
}

describe('what a form sends', () => {
  it('is only what was changed', () => {
    const stored = { resident_id: 'P1', name: '王', room: null, contacts: [{ name: '女儿', phone: '000' }] }
    const before = draftOf('residents', stored)
    expect(changesOf(before, draftOf('residents', stored))).toEqual({})
    const after = { ...before, room: ' 2F-01 ', name: '' }
    expect(changesOf(before, after)).toEqual({ room: '2F-01', name: null })
  })
  it('knows no difference between blank, empty and absent', () => {
    const before = draftOf('residents', { resident_id: 'P1', contacts: null })
    expect(changesOf(before, { ...before, name: '  ', contacts: [{ name: '', relation: ' ', phone: '' }] })).toEqual({})
    expect(cleaned({ contacts: [{ name: ' 甲 ', phone: '' }, { name: '' }] })).toEqual({ contacts: [{ name: '甲' }] })
  })
  it('tells no fences from the fences of the site', () => {
    const before = draftOf('devices', { device_id: 'W1', kind: 'wristband', fence_ids: null })
    expect(changesOf(before, { ...before, fence_ids: [] })).toEqual({ fence_ids: [] })
  })
  it('does not touch the object it began with', () => {
    const stored = { resident_id: 'P1', contacts: [{ name: '甲' }] }
    const draft = draftOf('residents', stored)
    ;(draft.contacts as { name: string }[])[0]!.name = '乙'
    expect(stored.contacts[0]!.name).toBe('甲')
  })
})

describe('words', () => {
  it('are there for every field and choice in both languages', () => {
    for (const [kind, fields] of Object.entries(FIELDS)) {
      for (const field of fields) {
        for (const messages of [zh, en]) {
          expect(at(fieldKey(kind as Kind, field.name), messages), field.name).toBeTypeOf('string')
          for (const choice of field.choices ?? []) expect(at(`${field.words}.${choice}`, messages), choice).toBeTypeOf('string')
        }
      }
    }
  })
  it('say a known reason in the language, and an unknown one as it came', () => {
    const finding = { field: 'lat', code: 'bad_number', msg: 'is not a number', named: {} }
    expect(findingWords(finding, t)).toBe('不是数字')
    expect(findingWords({ ...finding, code: 'twice', named: { row: 7 } }, t)).toBe('与第 7 行重复')
    expect(findingWords({ ...finding, code: 'new', msg: 'something new' }, t)).toBe('something new')
    expect(findingWords({ field: 'birth_date', code: 'value_error', msg: 'x', named: {} }, t)).toContain('1941')
  })
  it('stand at their field, with the place in a list', () => {
    const errors = [
      { loc: ['body', 'lat'], msg: 'x', type: 'less_than_equal' }, { loc: ['body', 'contacts', 1, 'phone'], msg: 'x', type: 'string_too_long' },
      { loc: ['body', 'site_id'], msg: 'not in the roster: s9', type: 'value_error' },
    ]
    expect(errorsByField(errors, t)).toEqual({ lat: '超出允许范围', contacts: '2: 太长', site_id: '名册中没有：s9' })
  })
})

describe('age', () => {
  const now = Date.parse('2026-03-04T17:00:00Z') // the fifth of March in the city
  it('is counted from the day, or from the year', () => {
    expect(ageOf('1941-03-05', now)).toBe(85)
    expect(ageOf('1941-03-06', now)).toBe(84)
    expect(ageOf('1941', now)).toBe(85)
    expect(ageOf(null, now)).toBeNull()
  })
})
