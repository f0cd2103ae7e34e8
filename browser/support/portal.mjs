// A customer's way into the portal: by the link that the product asks the API for.

// `api` is the project's; `asked` is what POST /v1/portal-sessions takes besides the account.
export async function enterPortal(page, api, account_id, asked = {}) {
  const { url } = await api("POST", "/v1/portal-sessions", { account_id, ...asked });
  const answer = await page.goto(url);
  if (answer.status() !== 200) throw new Error(`the portal answered ${answer.status()}`);
}
