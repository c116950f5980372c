// Pages behind the #: the server has one page, and a filter is a link that can be sent to a colleague.
import { createRouter, createWebHashHistory } from 'vue-router'
import QueuePage from './pages/QueuePage.vue'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', name: 'queue', component: QueuePage },
    { path: '/map', name: 'map', component: () => import('./pages/MapPage.vue') },
    { path: '/track', name: 'track', component: () => import('./pages/TrackPage.vue') },
    { path: '/roster', name: 'roster', component: () => import('./pages/RosterPage.vue') },
    { path: '/fence', name: 'fence', component: () => import('./pages/FencePage.vue') },
    { path: '/shift', name: 'shift', component: () => import('./pages/ShiftPage.vue') },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})
