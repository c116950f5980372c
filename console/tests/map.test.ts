import type { FeatureCollection } from 'geojson'
import { afterEach, describe, expect, it } from 'vitest'
import type { Alarm } from '../src/logic/alarm'
import { distanceM } from '../src/logic/geometry'
import { inForce, scheduleInWords } from '../src/logic/schedule'
import type { Point as TrackPoint } from '../src/logic/track'
import { boxOf, countyFeatures, tally } from '../src/map/counties'
import { accuracyFeatures, alarmFeatures, fenceFeatures, fixReachM, REACH_MAX_M, sensorFeatures, trailFeatures } from '../src/map/features'
import { drawn, fromMap, mapCrs, toMap } from '../src/map/project'
import type { Counties } from '../src/state/basemap'
import type { Fence, Site } from '../src/state/roster'

const NOW = Date.parse('2026-11-23T12:00:00+08:00') // a Monday
const at = (text: string): number => Date.parse(`${text}+08:00`)

describe('project', () => {
  afterEach(() => (mapCrs.value = 'wgs84'))
  const here = { lon: 119.1, lat: 36.7 }
  it('leaves everything where it is on a WGS-84 map', () => {
    const features: FeatureCollection = { type: 'FeatureCollection', features: [] }
    expect(toMap(119.1, 36.7)).toEqual([119.1, 36.7])
    expect(drawn(features)).toBe(features)
  })
  it('shifts by some hundred metres on a GCJ-02 map, and back to within a decimetre', () => {
    mapCrs.value = 'gcj02'
    const [lon, lat] = toMap(here.lon, here.lat)
    expect(distanceM(here, { lon, lat })).toBeGreaterThan(300)
    expect(distanceM(here, { lon, lat })).toBeLessThan(700)
    const [lonBack, latBack] = fromMap(lon, lat)
    expect(distanceM(here, { lon: lonBack, lat: latBack })).toBeLessThan(0.2)
  })
  it('agrees with the gateway about where that is', () => {
    mapCrs.value = 'gcj02'
    // Of iot_gateway.crs.wgs84_to_gcj02(36.7, 119.1).
    const [lon, lat] = toMap(119.1, 36.7)
    expect(distanceM({ lon, lat }, { lat: 36.700509491, lon: 119.105967078 })).toBeLessThan(0.2)
  })
  it('shifts points, lines, rings and rings of rings alike, and changes nothing else', () => {
    mapCrs.value = 'gcj02'
    const ring = [[119.1, 36.7], [119.2, 36.7], [119.2, 36.8], [119.1, 36.7]]
    const geometries = [
      { type: 'Point', coordinates: ring[0] }, { type: 'LineString', coordinates: ring }, { type: 'Polygon', coordinates: [ring] },
      { type: 'MultiPolygon', coordinates: [[ring]] },
    ]
    const features = { type: 'FeatureCollection', features: geometries.map(geometry => ({ type: 'Feature', properties: { id: 1 }, geometry })) }
    const moved = drawn(features as FeatureCollection).features
    const first = moved.map(({ geometry }) => (geometry as { coordinates: unknown[] }).coordinates.flat(3).slice(0, 2))
    expect(first).toEqual(Array(4).fill(toMap(119.1, 36.7)))
    expect(moved[0]!.properties).toEqual({ id: 1 })
    expect(features.features[0]!.geometry.coordinates).toEqual([119.1, 36.7])
  })
})


describe('schedule', () => {
  const weekly = (days: number[], from: string, to: string) => ({ tz: 'Asia/Shanghai', weekly: [{ days, from, to }] })
  it('without one a fence always counts', () => expect(inForce(null, NOW)).toBe(true))
  it('the beginning belongs to a window, the end does not', () => {
    const day = weekly([1], '07:00', '19:00')
    expect(inForce(day, at('2026-11-23T07:00:00'))).toBe(true)
    expect(inForce(day, at('2026-11-23T18:59:59'))).toBe(true)
    expect(inForce(day, at('2026-11-23T19:00:00'))).toBe(false)
    expect(inForce(day, at('2026-11-24T12:00:00'))).toBe(false)
  })
  it('a window may cross midnight, also that of the week', () => {
    const night = weekly([7], '19:00', '07:00')
    expect(inForce(night, at('2026-11-22T23:00:00'))).toBe(true)
    expect(inForce(night, at('2026-11-23T06:59:00'))).toBe(true)
    expect(inForce(night, at('2026-11-23T07:00:00'))).toBe(false)
    expect(inForce(night, at('2026-11-23T20:00:00'))).toBe(false)
  })
  it('equal ends are a whole day, and 24:00 is midnight', () => {
    expect(inForce(weekly([1], '00:00', '24:00'), at('2026-11-23T23:59:59'))).toBe(true)
    expect(inForce(weekly([1], '00:00', '24:00'), at('2026-11-24T00:00:00'))).toBe(false)
    expect(inForce(weekly([1], '07:00', '07:00'), at('2026-11-24T06:00:00'))).toBe(true)
  })
  it('goes by its own zone', () => {
    const there = { tz: 'UTC', weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '04:00', to: '05:00' }] }
    expect(inForce(there, at('2026-11-23T12:30:00'))).toBe(true)
  })
  it('is said in words', () => {
    const t = (key: string) => key
    expect(scheduleInWords(null, t)).toBe('roster.always')
    expect(scheduleInWords(weekly([1, 2, 3, 4, 5, 6, 7], '07:00', '19:00'), t)).toBe('live.every_day 07:00–19:00')
    expect(scheduleInWords(weekly([1, 3], '07:00', '19:00'), t)).toBe('live.day_1list.andlive.day_3 07:00–19:00')
  })
})

const counties = {
  type: 'FeatureCollection',
  features: [
    { type: 'Feature', properties: { name: '奎文区' }, geometry: { type: 'MultiPolygon', coordinates: [[[[119, 36], [119.2, 36], [119.2, 36.3], [119, 36]]]] } },
    ...['奎文区', '安丘市'].map(name => ({ type: 'Feature', properties: { name }, geometry: { type: 'Point', coordinates: [119.1, 36.1] } })),
  ],
} as Counties
const alarm = (more: Partial<Alarm>) => ({ alarm_id: 'A1', device_id: null, site_id: null, position: null, priority: 'urgent', ...more }) as Alarm

describe('counties', () => {
  it('a county has a box; one nobody drew has none', () => {
    expect(boxOf(counties, '奎文区')).toEqual([119, 36, 119.2, 36.3])
    expect(boxOf(counties, '安丘市')).toBeNull()
    expect(boxOf(null, '奎文区')).toBeNull()
  })
  it('sums up by priority, the most pressing first, and drops what is in no county', () => {
    const alarms = [alarm({ site_id: 'a' }), alarm({ site_id: 'a', priority: 'high' }), alarm({ site_id: 'q', priority: 'low' }), alarm({})]
    const found = tally(['奎文区', '安丘市'], alarms, site => ({ a: '安丘市', q: '奎文区' })[site ?? ''] ?? '', ['q', 'q', null])
    expect(found).toEqual([
      { name: '安丘市', urgent: 1, high: 1, low: 0, bands: 0 }, { name: '奎文区', urgent: 0, high: 0, low: 1, bands: 2 },
    ])
    const names = countyFeatures(counties, found, (priority, count) => `${priority} ${count}`).features
    expect(names.map(({ properties }) => properties)).toEqual([
      { id: '奎文区', name: '奎文区', urgent: '', high: '' }, { id: '安丘市', name: '安丘市', urgent: 'urgent 1', high: 'high 1' },
    ])
  })
})

describe('features', () => {
  const fix = { lat: 36.7, lon: 119.1, acc_m: 20, src: 'gnss', measured_at_ms: NOW }
  const site = { site_id: 'S', lat: 36.7, lon: 119.1 } as Site
  it('the reach grows by a walk and has an end', () => {
    expect(fixReachM(fix, NOW)).toBe(20)
    expect(fixReachM(fix, NOW + 60_000)).toBeCloseTo(92)
    expect(fixReachM({ ...fix, acc_m: null }, NOW + 60_000)).toBeCloseTo(102)
    expect(fixReachM(fix, NOW + 86_400_000)).toBe(REACH_MAX_M)
    expect(fixReachM(fix, NOW - 5_000)).toBe(20)
  })
  it('an unknown accuracy has no circle', () => expect(accuracyFeatures([fix, { ...fix, acc_m: null }]).features).toHaveLength(1))
  it('a gap in the way is a line of its own', () => {
    const way = [0, 1, 2, 40, 41].map(minute => ({ ...fix, lat: 36.7 + minute / 1000, measured_at_ms: NOW + minute * 60_000 })) as TrackPoint[]
    expect(trailFeatures(way).features.map(({ properties, geometry }) => [properties?.gap, geometry.coordinates.length])).toEqual([
      [false, 3], [false, 2], [true, 2],
    ])
    expect(trailFeatures([]).features).toEqual([])
  })
  it('a fence out of force is faint and says so', () => {
    const fence = {
      fence_id: 'F', name: '日间', role: 'safe', site_id: null, geometry: { type: 'Point', coordinates: [119, 36], radius_m: 50 },
      schedule: { tz: 'Asia/Shanghai', weekly: [{ days: [1], from: '07:00', to: '19:00' }] },
    } as unknown as Fence
    const told = (ms?: number) => fenceFeatures([fence], ms, (one, faint) => `${one.name}${faint ? '!' : ''}`).features[0]!.properties
    expect(told(NOW)).toMatchObject({ faint: false, label: '日间' })
    expect(told(NOW + 12 * 3_600_000)).toMatchObject({ faint: true, label: '日间!' })
    expect(fenceFeatures([fence]).features[0]!.properties).toMatchObject({ faint: false, label: '日间', name: '日间' })
  })
  it('several alarms at one place are one mark that says how many', () => {
    const alarms = [alarm({ alarm_id: 'A1', site_id: 'S' }), alarm({ alarm_id: 'A2', site_id: 'S' }), alarm({ alarm_id: 'A3', site_id: 'gone' })]
    const marks = alarmFeatures(alarms, new Map(), new Map([['S', site]]), one => one.alarm_id).features
    expect(marks.map(({ properties }) => properties)).toEqual([{ id: 'A1', name: 'A1 ×2', count: 2 }])
  })
  it('sensors stand at their site, counted; those of no site stand nowhere', () => {
    const marks = sensorFeatures(new Map([['S', site]]), new Map([['S', 3], ['gone', 1]])).features
    expect(marks.map(({ properties }) => properties)).toEqual([{ id: 'S', name: '3' }])
  })
})
