// jsforce, that others wrote, against our Salesforce server (make test-npm-clients). The org is that of salesforce/main.go.
import assert from 'node:assert/strict'
import { createSign } from 'node:crypto'
import test from 'node:test'
import jsforce from 'jsforce'

const { SALESFORCE_URL: url, SALESFORCE_KEY: key, SALESFORCE_REFRESH_TOKEN: refreshToken } = process.env
const version = '64.0'
const now = new Date('2026-01-02T03:04:05Z')
const oauth2 = { loginUrl: url, clientId: 'client', clientSecret: 'secret' }
const connection = (options = {}) => new jsforce.Connection({ loginUrl: url, instanceUrl: url, version, ...options })
const login = async () => { const c = connection(); await c.login('user@vendor.test', 'password'); return c }
const read = async (c, soql, options) => { const found = await c.query(soql).run(options); return found.records ?? found }

const assertion = (changed = {}) => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: 'client', sub: 'user@vendor.test', aud: 'https://login.salesforce.com', exp: now / 1000 + 180, ...changed }
  const signed = `${part({ alg: 'RS256' })}.${part(claims)}`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`
}
const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

test('logs in by SOAP, password, client credentials and JWT', async () => {
  assert.equal((await login()).instanceUrl, url)
  const ways = [
    (c) => c.login('user@vendor.test', 'password'),
    (c) => c.authorize({ grant_type: 'client_credentials' }),
    (c) => c.authorize({ grant_type, assertion: assertion() }),
  ]
  for (const way of ways) {
    const c = connection({ oauth2 })
    await way(c)
    assert.equal((await connection({ accessToken: c.accessToken }).describe('Lead')).name, 'Lead')
    assert.equal((await c.identity()).username, 'user@vendor.test')
  }
})

test('is refused by name: wrong words, wrong client, wrong JWT', async () => {
  const refused = (c, way, name) => assert.rejects(way(c), (error) => error.name === name || assert.equal(error.name, name))
  await assert.rejects(connection().login('user@vendor.test', 'wrong'), /INVALID_LOGIN/)
  await refused(connection({ oauth2 }), (c) => c.login('user@vendor.test', 'wrong'), 'invalid_grant')
  const credentials = (c) => c.authorize({ grant_type: 'client_credentials' })
  await refused(connection({ oauth2: { ...oauth2, clientId: 'other' } }), credentials, 'invalid_client_id')
  await refused(connection({ oauth2: { ...oauth2, clientSecret: 'other' } }), credentials, 'invalid_client')
  for (const [changed, name] of [[{ exp: now / 1000 - 1 }, 'invalid_grant'], [{ aud: url }, 'invalid_grant'], [{ iss: 'other' }, 'invalid_client_id']]) {
    await refused(connection({ oauth2 }), (c) => c.authorize({ grant_type, assertion: assertion(changed) }), name)
  }
})

test('gets a new session when the old one is over, and ends it', async () => {
  const c = connection({ oauth2, accessToken: 'expired', refreshToken })
  let refreshed = 0
  c.on('refresh', () => { refreshed++ })
  assert.equal((await read(c, 'SELECT Id FROM Lead LIMIT 1')).length, 1)
  assert.equal(refreshed, 1)
  const bare = connection({ accessToken: c.accessToken })
  await c.logout()
  await assert.rejects(async () => { await bare.query('SELECT Id FROM Lead') }, { errorCode: 'INVALID_SESSION_ID' })
  const soap = await login()
  const again = connection({ accessToken: soap.accessToken })
  await soap.logout()
  await assert.rejects(async () => { await again.query('SELECT Id FROM Lead') }, { errorCode: 'INVALID_SESSION_ID' })
})

test('describes the org and its objects', async () => {
  const c = await login()
  const { sobjects } = await c.describeGlobal()
  for (const name of ['LeadHistory', 'OpportunityHistory', 'OpportunityFieldHistory', 'CurrencyType', 'DatedConversionRate', 'OpportunityLineItem', 'OpportunityPartner', 'User']) {
    assert.ok(sobjects.some((o) => o.name === name && o.queryable), name)
  }
  const { fields } = await c.describe('Lead')
  const owner = fields.find((f) => f.name === 'OwnerId')
  assert.deepEqual([owner.type, owner.soapType, owner.referenceTo, owner.relationshipName], ['reference', 'tns:ID', ['Group', 'User'], 'Owner'])
  assert.equal(fields.find((f) => f.name === 'Name').length, 121)
  assert.equal((await c.limits()).DailyApiRequests.Max, 15000)
  assert.equal(c.limitInfo.apiUsage.limit, 15000)
})

test('pages, counts, follows references, sees history and deleted records', async () => {
  const c = await login()
  const rows = await read(c, 'SELECT Id, Name, Owner.Email FROM Lead', { autoFetch: true, maxFetch: 10000 })
  assert.equal(new Set(rows.map((r) => r.Id)).size, 4500)
  assert.ok(rows.every((r) => r.Owner.Email === 'ek@vendor.test'))
  assert.equal((await c.query('SELECT COUNT() FROM Lead WHERE CreatedDate = TODAY')).totalSize, 4500)
  assert.equal((await read(c, 'SELECT Id FROM Lead WHERE IsDeleted = true', { scanAll: true })).length, 1)
  const [change] = await read(c, "SELECT Field, OldValue, NewValue, Lead.Name FROM LeadHistory WHERE Field = 'Status'")
  assert.deepEqual([change.OldValue, change.NewValue, change.Lead.Name.slice(0, 9)], ['Open', 'Working', 'Lead 0000'])
  const found = await c.sobject('Lead').find({ CreatedDate: { $gte: jsforce.SfDate.toDateTimeLiteral(now) } }, ['Id']).sort({ Name: -1 }).limit(3)
  assert.equal(found.length, 3)
})

test('retrieves a record and asks what was updated and deleted', async () => {
  const c = await login()
  assert.equal((await c.sobject('Lead').retrieve('00Q000000000001')).LastName, 'Lead 0000\nsecond "line"')
  const [from, to] = [new Date(now - 3_600_000), new Date(+now + 3_600_000)]
  const updated = await c.sobject('Lead').updated(from, to)
  assert.equal(updated.ids.length, 4500)
  assert.equal(updated.latestDateCovered, '2026-01-02T03:04:00.000+0000')
  assert.equal((await c.sobject('Lead').deleted(from, to)).deletedRecords.length, 1)
  await assert.rejects(c.sobject('Lead').updated(new Date(now - 40 * 86_400_000), to), { errorCode: 'INVALID_REPLICATION_DATE' })
})

test('runs a bulk query to its end, with newlines in values', async () => {
  const c = await login()
  c.bulk2.pollInterval = 10
  const rows = await (await c.bulk2.query('SELECT Id, Name, Owner.Email FROM Lead')).toArray()
  assert.equal(rows.length, 4500)
  assert.equal(rows[7].Name, 'Lead 0007\nsecond "line"')
  assert.equal(rows[7]['Owner.Email'], 'ek@vendor.test')
  await assert.rejects(c.bulk2.query('SELECT COUNT() FROM Lead'), { errorCode: 'API_ERROR' })
})

test('tells errors by their codes, and tries a 503 again', async () => {
  const c = await login()
  for (const [soql, code] of [['SELECT Nope FROM Lead', 'INVALID_FIELD'], ['SELECT Id FROM Nope', 'INVALID_TYPE'], ['SELECT', 'MALFORMED_QUERY']]) {
    await assert.rejects(async () => { await c.query(soql) }, { errorCode: code })
  }
  assert.equal((await c.describe('Event')).keyPrefix, '00U')
})
