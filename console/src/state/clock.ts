// The time, once a second, for every age on the page.
import { ref } from 'vue'

export const nowMs = ref(Date.now())
setInterval(() => (nowMs.value = Date.now()), 1000)
