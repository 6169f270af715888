// Signing out, from whatever page: what the phone keeps goes, and what has not been sent yet with it, so it is asked about.
import { ElMessageBox } from "element-plus";
import { t } from "../i18n";
import { unsent } from "../store/outbox";
import { forgetAll } from "../store/phone";
import { signOut } from "../store/session";

export async function leave(): Promise<void> {
  const count = unsent.value.length;
  if (count) {
    const sure = await ElMessageBox.confirm(t("outbox.lose", { n: count }), t("menu.sign_out"), { confirmButtonText: t("outbox.lose_yes"), cancelButtonText: t("outbox.lose_no"), type: "warning" }).then(
      () => true,
      () => false,
    );
    if (!sure) return;
  }
  await forgetAll();
  await signOut();
}
