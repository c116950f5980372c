// The time, once a second, for every age on the page.
import { ref } from 'vue'

const EVERY_MS = 1000
const EARLY_MS = 100

export const nowMs = ref(Date.now())

/** Several clocks drive this one, because a browser slows the timers of a hidden tab: the first counts. */
export function turnClock(): void {
  const now = Date.now()
  if (Math.abs(now - nowMs.value) >= EVERY_MS - EARLY_MS) nowMs.value = now
}
setInterval(turnClock, EVERY_MS)
