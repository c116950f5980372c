import { describe, expect, it } from 'vitest'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'
import { refusalCode, troublesOf } from '../src/logic/fence-check'
import { holds, leftWithout } from '../src/logic/fence-held'
import { timeOf, windowInWords } from '../src/logic/fence-hours'
import { type Area, areaM2, circleOf, fromGeometry, isWithin, type Ring, ringsOf, type Shape, square, toGeometry, withHole, withPart, withRing } from '../src/logic/fence-shape'
import { begin, change, redo, undo } from '../src/logic/history'
import type { Translate } from '../src/logic/words'

const HOME = { lon: 119.1, lat: 36.7 }
const box = (west: number, south: number, size: number): Ring =>
  [[west, south], [west + size, south], [west + size, south + size], [west, south + size]]
const area = (...parts: Ring[][]): Area => ({ kind: 'area', parts })
const codes = (shape: Shape): string[] => troublesOf(shape).map(one => one.code)
const words = (messages: object): Translate => (key, named = {}) => {
  const found = key.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], messages)
  expect(found, key).toBeTypeOf('string')
  return String(found).replaceAll(/\{(\w+)\}/g, (_, name: string) => String(named[name]))
}

describe('the outline of a fence', () => {
  const outer = box(119, 36.6, 0.01)
  const hole = box(119.003, 36.603, 0.002)
  it('comes back from the map as it was stored, holes and parts included', () => {
    const closed = (ring: Ring) => [...ring, ring[0]!]
    const polygon = { type: 'Polygon' as const, coordinates: [closed(outer), closed(hole)] }
    const many = { type: 'MultiPolygon' as const, coordinates: [[closed(outer), closed(hole)], [closed(box(119.1, 36.6, 0.01))]] }
    const circle = { type: 'Point' as const, coordinates: [119, 36.6], radius_m: 120 }
    for (const geometry of [polygon, many, circle]) expect(toGeometry(fromGeometry(geometry))).toEqual(geometry)
  })
  it('takes a hole into the part that holds it, and loses a part with its outside', () => {
    const second = box(119.1, 36.6, 0.01)
    const both = withHole(withPart(area([outer]), second), box(119.102, 36.602, 0.002))
    expect(both.parts.map(rings => rings.length)).toEqual([1, 2])
    expect(withRing(both, 1, 1, () => []).parts.map(rings => rings.length)).toEqual([1, 1])
    expect(withRing(both, 1, 0, () => []).parts).toEqual([[outer]])
  })
  it('measures: a square has its side, a drawn circle its radius', () => {
    expect(areaM2(square(HOME, 100))).toBeCloseTo(10_000, -2)
    const drawn = circleOf(ringsOf({ kind: 'circle', centre: [119.1, 36.7], radiusM: 150 })[0]!)
    expect(drawn).toEqual({ kind: 'circle', centre: [119.1, 36.7], radiusM: 150 })
  })
})

describe('what is wrong with an outline', () => {
  const fine = box(119, 36.6, 0.01)
  it('is nothing when it is sound', () => {
    expect(codes(area([fine]))).toEqual([])
    expect(codes(area([fine, box(119.003, 36.603, 0.002)], [box(119.1, 36.6, 0.01)]))).toEqual([])
    expect(codes({ kind: 'circle', centre: [119.1, 36.7], radiusM: 150 })).toEqual([])
  })
  it.each<[string, Shape]>([
    ['empty', area()],
    ['number', area([[[119, NaN], ...fine.slice(1)]])],
    ['few_corners', area([fine.slice(0, 2)])],
    ['swapped', area([[[36.6, 119], ...fine.slice(1)]])],
    ['range', area([[[200, 36.6], ...fine.slice(1)]])],
    ['outside_city', area([box(116.4, 39.9, 0.01)])],
    ['duplicate', area([[fine[0]!, fine[0]!, ...fine.slice(1)]])],
    ['no_area', area([[[119, 36.6], [119.01, 36.6], [119.02, 36.6]]])],
    ['crossing', area([[fine[0]!, fine[2]!, fine[1]!, fine[3]!]])],
    ['spike', area([[...fine, [119, 36.62]]])],
    ['hole_outside', area([fine, box(119.05, 36.6, 0.002)])],
    ['hole_crosses', area([fine, box(119.009, 36.603, 0.002)])],
    ['holes_meet', area([fine, box(119.003, 36.603, 0.004), box(119.004, 36.604, 0.001)])],
    ['parts_meet', area([fine], [box(119.005, 36.605, 0.01)])],
    ['large', area([box(119, 36.6, 0.3)])],
    ['radius', { kind: 'circle', centre: [119.1, 36.7], radiusM: NaN }],
    ['radius_large', { kind: 'circle', centre: [119.1, 36.7], radiusM: 200_000 }],
    ['number_centre', { kind: 'circle', centre: [NaN, 36.7], radiusM: 10 }],
    ['swapped_centre', { kind: 'circle', centre: [36.7, 119.1], radiusM: 10 }],
  ])('%s is found and said', (code, shape) => {
    expect(codes(shape)).toContain(code)
    for (const one of troublesOf(shape)) {
      for (const messages of [zh, en]) expect(words(messages)(`fence.trouble.${one.code}`, one.named)).not.toContain('undefined')
    }
  })
  it('names the edges that cross', () => {
    const [found] = troublesOf(area([[fine[0]!, fine[2]!, fine[1]!, fine[3]!]]))
    expect(words(zh)('fence.trouble.crossing', found!.named)).toBe('边界自相交：边 1→2 与边 3→4 相交')
    expect(found!.corners).toEqual([0, 2])
  })
  it('has words for what the server says', () => {
    for (const [said, code] of [
      ['body.geometry: geometry is not valid: Self-intersection[119.05 36.65]', 'crossing'], ['geometry is not valid: Hole lies outside shell[1 2]', 'hole_outside'],
      ['body.site_id: not in the roster: x', 'not_in_roster'], ['something new', 'other'],
    ] as const) {
      expect(refusalCode(said).code).toBe(code)
      for (const messages of [zh, en]) words(messages)(`fence.refused.${code}`)
    }
    expect(refusalCode('Self-intersection[119.05 36.65]').named).toEqual({ lon: '119.05000', lat: '36.65000' })
  })
})

describe('the hours of a fence', () => {
  it('are said in words, across midnight too', () => {
    const said = (days: number[], from: string, to: string) => windowInWords({ days, from, to }, words(zh))
    expect(said([1, 2, 3, 4, 5, 6, 7], '19:00', '07:00')).toBe('每天 19:00 至次日 07:00')
    expect(said([1, 2, 3, 4, 5], '08:00', '18:00')).toBe('周一至周五 08:00 至 18:00')
    expect(said([6, 7], '20:00', '24:00')).toBe('周六、周日 20:00 至 24:00')
    expect(said([1, 3, 4, 5], '00:00', '24:00')).toBe('周一、周三至周五 全天')
    expect(said([1], '08:00', '08:00')).toBe('周一 08:00 至次日同一时刻')
  })
  it('are read as people type them', () => {
    expect(['19:00', '7:05', '1930', '7', '24:00', '25:00', '12:60', 'x', ''].map(timeOf))
      .toEqual(['19:00', '07:05', '19:30', '07:00', '00:00', null, null, null, null])
  })
})

describe('whom a fence holds', () => {
  const device = (device_id: string, site_id: string | null, fence_ids: string[] | null) => ({ device_id, site_id, fence_ids })
  const devices = [device('a', 's', null), device('b', 's', []), device('c', null, ['f']), device('d', 's', ['f', 'g'])]
  const fence = (fence_id: string, role: 'safe' | 'forbidden' = 'safe', site_id: string | null = 's') => ({ fence_id, role, site_id })
  it('is its site, or who names it', () => {
    expect(devices.filter(one => holds(fence('f'), one)).map(one => one.device_id)).toEqual(['a', 'c', 'd'])
    expect(devices.filter(one => holds(fence('f', 'safe', null), one)).map(one => one.device_id)).toEqual(['c', 'd'])
  })
  it('says who is left without a safe one', () => {
    const ids = (after: ReturnType<typeof fence> | null, fences = [fence('f'), fence('g', 'safe', null)]) =>
      leftWithout(devices, fences, 'f', after).map(one => one.device_id)
    expect(ids(null)).toEqual(['a', 'c'])
    expect(ids(fence('f', 'forbidden'))).toEqual(['a', 'c'])
    expect(ids(fence('f'))).toEqual([])
    expect(ids(null, [fence('g', 'safe', 's')])).toEqual([])
  })
})

describe('undo', () => {
  it('goes back and forth, and takes what was typed in one go as one', () => {
    let history = begin('a')
    history = change(history, 'b', 'name', 1_000)
    history = change(history, 'bc', 'name', 1_500)
    history = change(history, 'bcd', 'name', 9_000)
    history = change(history, 'x', '', 9_001)
    expect(undo(history).now).toBe('bcd')
    expect(undo(undo(history)).now).toBe('bc')
    expect(undo(undo(undo(undo(history)))).now).toBe('a')
    expect(redo(redo(undo(undo(history)))).now).toBe('x')
    expect(redo(change(undo(history), 'y', '', 9_002)).now).toBe('y')
    const dragged = change(change(history, 'd', 'drag-1', 20_000), 'e', 'drag-1', 60_000)
    expect(undo(dragged).now).toBe('x')
  })
})

describe('being within a fence', () => {
  const square = (from: number, to: number): [number, number][] => [[from, from], [to, from], [to, to], [from, to]]
  it('counts holes as outside, and circles by their radius', () => {
    const area = { kind: 'area' as const, parts: [[square(0, 1), square(0.4, 0.6)]] }
    expect([isWithin(area, { lon: 0.2, lat: 0.2 }), isWithin(area, { lon: 0.5, lat: 0.5 }), isWithin(area, { lon: 2, lat: 0.2 })]).toEqual([true, false, false])
    const circle = { kind: 'circle' as const, centre: [119.1, 36.7] as [number, number], radiusM: 100 }
    expect([isWithin(circle, { lon: 119.1, lat: 36.7008 }), isWithin(circle, { lon: 119.1, lat: 36.701 })]).toEqual([true, false])
  })
})
