// Light, dark, or as the system says.
import { ref, watchEffect } from 'vue'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'shouwang.theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const systemDark = ref(system.matches)
system.addEventListener('change', event => (systemDark.value = event.matches))

export const theme = ref<Theme>(THEMES.find(known => known === localStorage.getItem(KEY)) ?? 'auto')
export const isDark = ref(false)

watchEffect(() => {
  localStorage.setItem(KEY, theme.value)
  isDark.value = theme.value === 'dark' || (theme.value === 'auto' && systemDark.value)
  document.documentElement.classList.toggle('dark', isDark.value)
})
