import { watchEffect } from "vue";
import { createRouter, createWebHistory, type RouteLocationNormalized } from "vue-router";
import { t } from "./i18n";
import { is, session } from "./store/session";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/sign-in", name: "sign-in", component: () => import("./pages/SignIn.vue"), meta: { open: true } },
    {
      path: "/",
      component: () => import("./pages/CommandPage.vue"),
      children: [
        { path: "", name: "command", component: () => import("./pages/command/OutageColumn.vue") },
        { path: "outages/:id", name: "outage", component: () => import("./pages/outage/OutagePanel.vue"), props: true },
      ],
    },
    {
      path: "/orders",
      name: "orders",
      component: () => import("./pages/OrdersPage.vue"),
      children: [{ path: ":id", name: "order", component: () => import("./pages/order/OrderPanel.vue"), props: true }],
    },
    { path: "/call", name: "call", component: () => import("./pages/CallPage.vue") },
    { path: "/callbacks", name: "callbacks", component: () => import("./pages/CallbacksPage.vue") },
    { path: "/crews", name: "crews", component: () => import("./pages/CrewsPage.vue") },
    { path: "/plan", name: "plan", component: () => import("./pages/PlanPage.vue") },
    { path: "/roster", name: "roster", component: () => import("./pages/RosterPage.vue") },
    {
      path: "/areas",
      name: "areas",
      component: () => import("./pages/AreasPage.vue"),
      children: [{ path: "set-aside", name: "set-aside", component: () => import("./pages/area/SetAside.vue") }, { path: ":id", name: "area", component: () => import("./pages/area/AreaDay.vue"), props: true }],
    },
    { path: "/households/:id", name: "household", component: () => import("./pages/HouseholdPage.vue"), props: true },
    { path: "/crew", name: "crew", component: () => import("./pages/CrewPhone.vue") },
    { path: "/supply/:id?", name: "supply", component: () => import("./pages/SupplyPage.vue"), props: true },
    { path: "/audit", name: "audit", component: () => import("./pages/AuditPage.vue") },
    { path: "/visits", name: "visits", component: () => import("./pages/VisitsPage.vue") },
    { path: "/my-visits", name: "my-visits", component: () => import("./pages/VisitsPhone.vue") },
    { path: "/new-order", name: "new-order", component: () => import("./pages/NewOrderPage.vue") },
    { path: "/manager", name: "manager", component: () => import("./pages/ManagerPhone.vue") },
    { path: "/board", name: "board", component: () => import("./pages/BoardPage.vue") },
    { path: "/rules", name: "rules", component: () => import("./pages/RulesPage.vue") },
    { path: "/privacy", name: "privacy", component: () => import("./pages/PrivacyPage.vue") },
    { path: "/staff", name: "staff", component: () => import("./pages/StaffPage.vue") },
    { path: "/:rest(.*)*", redirect: { name: "command" } },
  ],
});

/** Where someone starts: a crew at its job, an agent at the call form, everyone else before the map. */
export function startPage(): string {
  if (is("dispatcher", "manager", "head", "administrator")) return "/";
  if (is("security")) return "/staff";
  if (is("auditor")) return "/audit";
  if (is("agent")) return "/call";
  return is("crew") ? "/crew" : "/";
}

router.beforeEach((to: RouteLocationNormalized) => {
  if (!session.value && !to.meta.open) return { name: "sign-in", query: to.fullPath === "/" ? {} : { back: to.fullPath } };
  if (session.value && to.name === "sign-in") return startPage();
  return true;
});

const TITLES = { "sign-in": "sign_in.enter", command: "nav.command", outage: "outage.title", orders: "nav.orders", order: "order.title", call: "nav.call", callbacks: "nav.callbacks", crews: "nav.crews", areas: "area.title", area: "area.title", "set-aside": "aside.title", household: "use.title", crew: "nav.crew", plan: "plan.title", roster: "roster.title", visits: "nav.visits", "my-visits": "nav.my_visits", board: "board.title", manager: "manager.title", "new-order": "new_order.title", rules: "rules.title", staff: "nav.staff", audit: "nav.audit", privacy: "privacy.title", supply: "nav.supply" } as const; // prettier-ignore
watchEffect(() => {
  const title = TITLES[router.currentRoute.value.name as keyof typeof TITLES];
  document.title = title ? `${t(title)} · ${t("app.name")}` : t("app.name");
});
