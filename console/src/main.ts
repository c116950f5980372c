import { createApp } from 'vue'
import App from './App.vue'
import { i18n } from './i18n'
import { router } from './router'
import { reloadOnce } from './reload'
import './styles/element'

// A page older than the service asks for files that are gone; the new page knows the new ones.
addEventListener('vite:preloadError', () => void reloadOnce())

createApp(App).use(i18n).use(router).mount('#app')
