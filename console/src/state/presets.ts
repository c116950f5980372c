// The filters this operator saved in this browser.
import { ref, watch } from 'vue'
import { type Preset, readPresets } from '../logic/presets'

const KEY = 'shouwang.presets'

export const presets = ref<Preset[]>(readPresets(localStorage.getItem(KEY)))
watch(presets, now => localStorage.setItem(KEY, JSON.stringify(now)))
// Saved in another tab.
addEventListener('storage', event => {
  if (event.key === KEY) presets.value = readPresets(event.newValue)
})
