// jsforce, that others wrote, against our Salesforce server (make test-npm-clients).
import assert from 'node:assert/strict';
import test from 'node:test';
import jsforce from 'jsforce';

const url = process.env.SALESFORCE_URL;
const version = '64.0';
const oauth2 = { loginUrl: url, clientId: 'client', clientSecret: 'secret' };
const soap = () => new jsforce.Connection({ loginUrl: url, version });
const login = async () => { const c = soap(); await c.login('user@vendor.test', 'password'); return c; };

test('logs in by SOAP, by password and by client credentials', async () => {
  assert.equal((await login()).instanceUrl, url);
  const password = new jsforce.Connection({ oauth2, version });
  await password.login('user@vendor.test', 'password');
  assert.ok(password.accessToken);
  const client = new jsforce.Connection({ oauth2, instanceUrl: url, version });
  await client.authorize({ grant_type: 'client_credentials' });
  const byToken = new jsforce.Connection({ instanceUrl: url, accessToken: client.accessToken, version });
  assert.equal((await byToken.describe('Lead')).name, 'Lead');
  await assert.rejects(soap().login('user@vendor.test', 'wrong'), /INVALID_LOGIN/);
});

test('describes, pages, counts and sees deleted records', async () => {
  const c = await login();
  assert.ok((await c.describe('Lead')).fields.some((f) => f.name === 'Name' && f.length === 255));
  const rows = await c.query('SELECT Id, Name FROM Lead').run({ autoFetch: true, maxFetch: 10000 });
  assert.equal(new Set((rows.records ?? rows).map((r) => r.Id)).size, 4500);
  const deleted = await c.query('SELECT Id FROM Lead WHERE IsDeleted = true').run({ scanAll: true });
  assert.equal((deleted.records ?? deleted).length, 1);
  assert.equal((await c.limits()).DailyApiRequests.Max, 15000);
  assert.equal(c.limitInfo.apiUsage.limit, 15000);
});

test('runs a bulk query to its end, with newlines in values', async () => {
  const c = await login();
  c.bulk2.pollInterval = 10;
  const rows = await (await c.bulk2.query('SELECT Id, Name FROM Lead')).toArray();
  assert.equal(rows.length, 4500);
  assert.equal(rows[7].Name, 'Lead 0007\nsecond "line"');
});

test('tells errors by their codes', async () => {
  const c = await login();
  for (const [soql, code] of [['SELECT Nope FROM Lead', 'INVALID_FIELD'], ['SELECT Id FROM Nope', 'INVALID_TYPE'], ['SELECT', 'MALFORMED_QUERY']]) {
    await assert.rejects(async () => { await c.query(soql); }, { errorCode: code });
  }
  const expired = new jsforce.Connection({ instanceUrl: url, accessToken: 'no', version });
  await assert.rejects(async () => { await expired.query('SELECT Id FROM Lead'); }, { errorCode: 'INVALID_SESSION_ID' });
});
