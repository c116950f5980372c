// Where a device was last measured: what the roster said, then what the stream says.
import { onBeforeUnmount, shallowRef, watch } from 'vue'
import { type Fix, tellingFix } from '../logic/fix'
import type { Moved } from '../stream/messages'
import { onPositions } from './link'
import { devices } from './roster'

/** The newest of what is known of one device, and the most telling before it, while the caller is on the page. */
export function useNewestFix(deviceId: () => string | null, first: () => Fix | null) {
  const newest = shallowRef<Fix | null>(null)
  const before = shallowRef<Fix | null>(null)
  const take = (fix: Fix | null | undefined): void => {
    const last = newest.value
    if (!fix || (last && fix.measured_at_ms < last.measured_at_ms)) return
    if (last && fix.measured_at_ms > last.measured_at_ms) before.value = tellingFix(before.value, last, fix.measured_at_ms)
    newest.value = fix
  }
  watch(() => [deviceId(), first(), devices.find(deviceId())?.position] as const, ([, of, now]) => {
    take(of)
    take(now)
  }, { immediate: true })
  onBeforeUnmount(onPositions((items: Moved[]) => take(items.findLast(item => item.device_id === deviceId()))))
  return { newest, before }
}
