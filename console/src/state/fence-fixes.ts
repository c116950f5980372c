// Where the wearers of some bands really were in the last days: a few hundred fixes of each, read one by one.
import { onBeforeUnmount, shallowRef } from 'vue'
import { get, withQuery } from '../api'
import type { components } from '../api-types'

export interface PastFix { lon: number, lat: number, acc_m: number | null }

const DAY_MS = 86_400_000
export const DAYS = 2
const EACH = 300
const DEVICES = 30

export function usePastFixes() {
  const fixes = shallowRef<PastFix[]>([])
  const shown = shallowRef(0)
  let asked = 0

  async function read(deviceIds: readonly string[]): Promise<void> {
    const mine = ++asked
    fixes.value = []
    shown.value = 0
    const now = Date.now()
    for (const id of deviceIds.slice(0, DEVICES)) {
      const path = withQuery(`/devices/${encodeURIComponent(id)}/track`, { from_ms: now - DAYS * DAY_MS, to_ms: now })
      const track = await get<components['schemas']['Track']>(path).catch(() => null)
      if (mine !== asked) return
      if (!track?.points.length) continue
      const step = Math.ceil(track.points.length / EACH)
      fixes.value = [...fixes.value, ...track.points.filter((_, i) => i % step === 0)]
      shown.value++
    }
  }
  onBeforeUnmount(() => asked++)
  return { fixes, shown, read }
}
