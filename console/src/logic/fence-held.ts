// Which devices a fence holds, and who would be left without any safe one. Pure.
import type { Device, Fence } from '../state/roster'

type Held = Pick<Fence, 'fence_id' | 'role' | 'site_id'>
type Holder = Pick<Device, 'device_id' | 'site_id' | 'fence_ids'>

export function holds(fence: Pick<Fence, 'fence_id' | 'site_id'>, device: Holder): boolean {
  if (device.fence_ids) return device.fence_ids.includes(fence.fence_id)
  return !!fence.site_id && fence.site_id === device.site_id
}

/** Devices that have a safe fence now and would have none. `after` null: the fence is deleted. */
export function leftWithout<D extends Holder>(
  devices: Iterable<D>, fences: Iterable<Held>, fenceId: string, after: Held | null,
): D[] {
  const now = [...fences].filter(fence => fence.role === 'safe')
  const then = now.filter(fence => fence.fence_id !== fenceId)
  if (after?.role === 'safe') then.push(after)
  const touched = now.some(fence => fence.fence_id === fenceId)
  if (!touched) return []
  return [...devices].filter(device => now.some(fence => holds(fence, device)) && !then.some(fence => holds(fence, device)))
}
