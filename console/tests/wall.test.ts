import { describe, expect, it } from 'vitest'
import { byCounty, sceneAt, scenesOf } from '../src/logic/scenes'
import weifang from '../public/weifang.json'
import { insetOf } from '../src/map/counties'
import type { Counties } from '../src/state/basemap'
import { alarm } from './making'

const countyOf = (siteId: string | null): string => ({ S1: '奎文区', S2: '安丘市', S3: '昌邑市' })[siteId ?? ''] ?? ''

describe('what the wall shows in turn', () => {
  it('goes where it burns first, however much waits elsewhere', () => {
    const waiting = byCounty([
      alarm({ site_id: 'S1', kind: 'sos' }), alarm({ site_id: 'S1', kind: 'fall' }), alarm({ site_id: 'S2', kind: 'smoke' }),
      alarm({ site_id: 'S3', kind: 'tamper', priority: 'high' }),
    ], countyOf)
    expect(waiting.map(one => [one.county, one.fire, one.urgent, one.high])).toEqual([['安丘市', 1, 1, 0], ['奎文区', 0, 2, 0], ['昌邑市', 0, 0, 1]])
    expect(scenesOf(waiting).map(scene => ('county' in scene ? scene.county : scene.type)))
      .toEqual(['city', '安丘市', '奎文区', '昌邑市', 'list', 'figures'])
  })
  it('is of the moment alone', () => {
    const scenes = scenesOf([])
    expect(sceneAt(scenes, 0)).toEqual(sceneAt(scenes, 30_000))
  })
})

describe('the city in small', () => {
  const areas = insetOf(weifang as Counties)
  it('has every county inside of its frame', () => {
    expect(areas).toHaveLength(12)
    for (const { path, x, y } of areas) {
      expect(x).toBeGreaterThan(0)
      expect(x).toBeLessThan(100)
      expect(y).toBeGreaterThan(0)
      expect(y).toBeLessThan(120)
      for (const corner of path.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)) {
        expect(Number(corner[1])).toBeGreaterThanOrEqual(-1)
        expect(Number(corner[1])).toBeLessThanOrEqual(101)
        expect(Number(corner[2])).toBeLessThanOrEqual(121)
      }
    }
  })
  it('is nothing until it is known', () => {
    expect(insetOf(null)).toEqual([])
  })
})
