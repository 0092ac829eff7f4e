// @hubspot/api-client, HubSpot's own, against our HubSpot server (make test-npm-clients). The records are those of standin.Sample.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Client } from '@hubspot/api-client'

const { HUBSPOT_URL: basePath, HUBSPOT_TOKEN: accessToken, HUBSPOT_NARROW_TOKEN: narrowToken } = process.env
const client = new Client({ basePath, accessToken })
const { crm } = client
const ids = (results) => results.map((record) => record.id)

test('errors: a wrong token, a missing scope, a record and a type that are not there', async () => {
  const refused = async (call, code, body) => {
    const error = await call.then(() => assert.fail('it answered'), (error) => error)
    assert.equal(error.code, code)
    for (const [key, value] of Object.entries(body)) assert.deepEqual(error.body[key], value)
    assert.match(error.body.correlationId, /^[0-9a-f-]{36}$/)
  }
  const page = (token) => new Client({ basePath, accessToken: token }).crm.deals.basicApi.getPage(1)
  await refused(page('pat-wrong'), 401, { status: 'error', category: 'INVALID_AUTHENTICATION' })
  await refused(page(narrowToken), 403, {
    category: 'MISSING_SCOPES',
    errors: [{ message: 'One or more of the following scopes are required.', context: { requiredGranularScopes: ['crm.objects.deals.read'] } }],
  })
  await refused(crm.deals.basicApi.getById('999'), 404, { category: 'OBJECT_NOT_FOUND', context: { id: ['999'] } })
  await refused(crm.objects.basicApi.getPage('widgets'), 400, { message: 'Unable to infer object type from: widgets' })
})

test('the token and the account', async () => {
  const { scopes } = await client.oauth.accessTokensApi.get(narrowToken)
  assert.deepEqual(scopes, ['crm.objects.contacts.read'])
  const details = await (await client.apiRequest({ path: '/account-info/v3/details' })).json()
  assert.equal(details.portalId, 20000001)
})

test('list: all pages', async () => {
  const companies = await crm.companies.getAll(50, undefined, ['name', 'country'])
  assert.equal(companies.length, 120)
  assert.deepEqual(ids(companies), Array.from({ length: 120 }, (_, i) => String(1001 + i)))
  assert.equal(companies[119].properties.name, 'Company 120')
  assert.ok(companies[0].createdAt instanceof Date && companies[0].createdAt.toISOString() === '2026-09-01T08:00:00.000Z')
})

test('list: each type, custom ones by number and by name', async () => {
  const types = { contacts: '201', deals: '301', line_items: '441', leads: '401', meetings: '411', calls: '421', notes: '431', '2-3456789': '461', partner_program: '461' }
  for (const [type, id] of Object.entries(types)) {
    const { results } = await crm.objects.basicApi.getPage(type, 1)
    assert.deepEqual(ids(results), [id], type)
  }
  const { results: leads } = await crm.objects.leads.basicApi.getPage(10, undefined, ['hs_lead_name'], undefined, ['contacts'])
  assert.equal(leads[0].properties.hs_lead_name, 'North, warm')
  assert.deepEqual(leads[0].associations.contacts.results.map((a) => a.id), ['201', '201'])
})

test('archived records', async () => {
  const { results } = await crm.contacts.basicApi.getPage(10, undefined, undefined, undefined, undefined, true)
  assert.deepEqual(ids(results), ['203'])
  assert.equal(results[0].archivedAt.toISOString(), '2026-09-04T08:00:00.000Z')
  assert.deepEqual(ids((await crm.contacts.basicApi.getPage()).results), ['201', '202'])
})

test('search: filters, sorting, pages, the ceiling', async () => {
  const found = []
  let after
  do {
    const page = await crm.companies.searchApi.doSearch({
      filterGroups: [{ filters: [{ propertyName: 'country', operator: 'EQ', value: 'SE' }, { propertyName: 'createdate', operator: 'GTE', value: String(Date.UTC(2026, 8, 1, 9)) }] }],
      sorts: [{ propertyName: 'hs_lastmodifieddate', direction: 'DESCENDING' }], properties: ['country'], limit: 12, after,
    })
    assert.equal(page.total, 20)
    found.push(...page.results)
    after = page.paging?.next?.after
  } while (after)
  assert.equal(found.length, 20)
  assert.deepEqual([found[0].id, found[19].id], ['1120', '1063'])
  assert.ok(found.every((company) => company.properties.country === 'SE'))
  await assert.rejects(crm.companies.searchApi.doSearch({ limit: 100, after: '10000' }), (error) => error.code === 400 && error.body.status === 'error')
})

test('batch read: with what is missing', async () => {
  const read = (inputs) => crm.deals.batchApi.read({ inputs, properties: ['amount'], propertiesWithHistory: [] })
  const whole = await read([{ id: '302' }, { id: '301' }])
  assert.equal(whole.status, 'COMPLETE')
  assert.deepEqual(whole.results.map((deal) => deal.properties.amount), ['900', '12500.00'])
  const part = await read([{ id: '301' }, { id: '999' }])
  assert.equal(part.numErrors, 1)
  assert.deepEqual(part.errors[0].context.ids, ['999'])
})

test('property history', async () => {
  const deal = await crm.deals.basicApi.getById('301', ['dealstage'], ['dealstage'])
  const history = deal.propertiesWithHistory.dealstage
  assert.deepEqual(history.map((version) => version.value), ['closedwon', 'contractsent', 'appointmentscheduled'])
  assert.equal(history[1].timestamp.toISOString(), '2026-09-05T08:00:00.000Z')
  assert.equal(history[2].sourceType, 'CRM_UI')
})

test('associations v4: of one record, of many', async () => {
  const one = await crm.associations.v4.basicApi.getPage('contacts', '201', 'companies', undefined, 1)
  assert.equal(String(one.results[0].toObjectId), '1001')
  assert.deepEqual(one.results[0].associationTypes.map((type) => type.typeId), [279, 1])
  const rest = await crm.associations.v4.basicApi.getPage('contacts', '201', 'companies', one.paging.next.after)
  assert.equal(rest.results[0].associationTypes[1].label, 'Reseller')
  const many = await crm.associations.v4.batchApi.getPage('deals', 'contacts', { inputs: [{ id: '301' }, { id: '302' }] })
  assert.equal(many.results[0]._from.id, '301')
  assert.equal(String(many.results[0].to[0].toObjectId), '201')
  assert.equal(many.errors[0].subCategory, 'crm.associations.NO_ASSOCIATIONS_FOUND')
})

test('properties, pipelines, owners, custom types', async () => {
  const { results: properties } = await crm.properties.coreApi.getAll('deals')
  const stage = properties.find((property) => property.name === 'dealstage')
  assert.deepEqual(stage.options.map((option) => option.value), ['appointmentscheduled', 'contractsent', 'closedwon', 'closedlost'])
  assert.equal((await crm.properties.coreApi.getByName('deals', 'amount')).type, 'number')

  const { results: pipelines } = await crm.pipelines.pipelinesApi.getAll('deals')
  assert.equal(pipelines[0].stages[2].metadata.probability, '1.0')
  assert.equal((await crm.pipelines.pipelineStagesApi.getAll('deals', 'default')).results.length, 4)

  const first = await crm.owners.ownersApi.getPage(undefined, undefined, 1)
  const second = await crm.owners.ownersApi.getPage(undefined, first.paging.next.after, 1)
  assert.deepEqual(ids([...first.results, ...second.results]), ['501', '502'])
  assert.equal(second.paging, undefined)
  assert.deepEqual(ids((await crm.owners.ownersApi.getPage(undefined, undefined, 10, true)).results), ['503'])
  assert.equal((await crm.owners.ownersApi.getById(9001, 'userId')).email, 'ada@vendor.example')

  const { results: schemas } = await crm.schemas.coreApi.getAll()
  assert.deepEqual(schemas.map((schema) => [schema.objectTypeId, schema.fullyQualifiedName]), [['2-3456789', 'p20000001_partner_program']])
})

// The client says on stderr what it tries again: those lines are the proof.
test('what the client tries again: 503, five searches a second, a hundred calls in ten', async (t) => {
  const said = t.mock.method(console, 'error', () => {})
  const retried = (status) => said.mock.calls.splice(0).filter((call) => call.arguments[0].includes(`status code [${status}]`)).length
  const patient = new Client({ basePath, accessToken, numberOfApiCallRetries: 4 }).crm

  assert.deepEqual(ids((await patient.products.basicApi.getPage()).results), ['451'])
  assert.equal(retried(503), 1)

  const together = (n, call) => Promise.all(Array.from({ length: n }, call))
  const searches = await together(8, () => patient.deals.searchApi.doSearch({ limit: 1 }))
  assert.ok(searches.every((page) => page.total === 3))
  assert.ok(retried(429) >= 3)

  const pages = await together(120, () => patient.contacts.basicApi.getPage(1))
  assert.ok(pages.every((page) => page.results[0].id === '201'))
  assert.ok(retried(429) >= 20)
})
