// Writes json-paths.json: the results of k6 (the program `k6`, or that in K6) at each of these paths of a document. The
// document and the paths are ours, the results are k6's.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const DOCUMENT = {
  name: { first: 'Tom', last: 'Anderson' },
  age: 37,
  empty: '', zero: 0, none: null, yes: true, no: false, big: 9007199254740991, float: 1.5,
  children: ['Sara', 'Alex', 'Jack'],
  'fav.movie': 'Deer Hunter', 'a|b': 'pipe', 'a*b': 'star', 'a\\b': 'slash', 'with space': 1, 'ü': 'umlaut', '@type': 'Thing', '#': 'hash', '': 'nameless',
  friends: [
    { first: 'Dale', last: 'Murphy', age: 44, nets: ['ig', 'fb', 'tw'], active: true, tags: { x: 1 } },
    { first: 'Roger', last: 'Craig', age: 68, nets: ['fb', 'tw'], active: false, note: null },
    { first: 'Jane', last: 'Murphy', age: 47, nets: ['ig', 'tw'], active: 'true', 'a.b': { c: 1 } },
    { first: 'Za"ck', last: 'Cr*ig', age: 0, nets: [] },
  ],
  users: [{ name: 'ann', age: 1 }, { name: 'bob', age: 2 }],
  userless: [{ other: 1 }],
  numbers: [1, 5, 10, 3.5, -2],
  mixed: [1, 'a', null, true, false, { a: 1 }, [2], 'true', '0'],
  nested: [[1, 2], [3, [4, [5]]], []],
  columns: { id: ['1', '2'], val: [10, 20], other: 5 },
  objects: [{ a: 1, b: 2 }, { b: 3, c: 4 }, 5],
  text: '{"id":1,"list":[1,2]}', notJson: 'hello',
  deep: { a: { b: { c: { id: 7 } } }, id: 8, list: [{ id: 9 }, { x: { id: 10 } }] },
};

const PATHS = String.raw`
name
name.first
name.last
age
empty
zero
none
yes
no
big
float
missing
name.missing
age.x
none.x
children
children.0
children.1
children.3
children.-1
children.x
toString
constructor
name.toString
children.length
__proto__
friends.0.constructor
children.#
children.01
friends.#
friends.1.last
friends.1
friends.#.first
friends.#.missing
friends.#.nets.0
friends.#.nets.#
friends.#.nets
friends.#.tags.x
age.#
name.#
child*.2
c?ildren.0
us*.0.name
us*.#.age
user*.0.other
n?me.first
*
na*
x*
*.first
fr*.#(age>45).first
fav\.movie
a\|b
a\*b
a\\b
with space
ü
@type
\#
#
fav.movie
a\.b
friends.2.a\.b.c
friends.#.a\.b.c
friends.#(last=="Murphy").first
friends.#(last=="Murphy")#.first
friends.#(last==Murphy).first
friends.#(last=Murphy)#.first
friends.#(age>45)#.last
friends.#(age>=47)#.first
friends.#(age<45).first
friends.#(age<=44)#.first
friends.#(age!=44)#.first
friends.#(age==68).first
friends.#(age=="68").first
friends.#(first%"D*").last
friends.#(first!%"D*").last
friends.#(first%"?ane")#.last
friends.#(last%"Cr\*ig").first
friends.#(last=="Cr*ig").first
friends.#(first=="Za\"ck").age
friends.#(first > "M")#.first
friends.#(nets.#(=="fb"))#.first
friends.#(nets.#(=="fb")).first
friends.#(nets.#>2).first
friends.#(tags.x==1).first
friends.#(note)#.first
friends.#(tags)#.first
friends.#(missing)#
friends.#(missing)
friends.#(missing).first
friends.#(active==true)#.first
friends.#(active==~true)#.first
friends.#(active==~false)#.first
friends.#(active==false)#.first
friends.#(note==~null)#.first
friends.#(active==~*)#.first
friends.#(active!=~true)#.first
friends.#(active==~x)#.first
friends.#(active>false)#.first
friends.#(active<=true)#.first
friends.#(active!=true)#.first
friends.#(age>40)#
friends.#(age>40)#.#
friends.#(age>40).nets.#
friends.#(age>40)#.nets.0
friends.#(last=="Nobody")#
friends.#(last=="Nobody")
friends.#(last=="Nobody")#.first
friends.#[last="Murphy"].first
friends.#[age>45]#.first
children.#(="Alex")
children.#(=="Alex")
children.#(!="Alex")#
children.#(%"*a*")#
numbers.#(>3)#
numbers.#(>3)
numbers.#(<0)
numbers.#(>"x")#
numbers.#(==3.5)
mixed.#(==true)
mixed.#(==~true)#
mixed.#(==~false)#
mixed.#(==~null)#
mixed.#(=="a")
mixed.#(a==1)
mixed.#(a==1)#
mixed.#()#
mixed.#(>0)#
friends.#(
friends.#(last=="Murphy"
friends.#(last=="Murphy"]
friends.#)
friends.#(last==)#.first
friends.#(=)#
children|@reverse
children.@reverse
children.@reverse.0
children|@reverse|0
name.@reverse
age.@reverse
@this
@this.age
@this|name.first
name.@this.first
@reverse.age
missing|@this
missing.@reverse
@nothing
children.@nothing
children|@nothing
friends|#|@this
friends.#(age>45)#|@reverse
friends.#(age>45)#.first|@reverse
friends.#.first|@reverse
friends.#.first|@reverse|0
friends.#.first.@reverse
friends.#(last=="Murphy")#|0
friends.#(last=="Murphy")#|#
friends.#(last=="Murphy")#|0.first
friends.#(last=="Murphy")#.nets|0
friends|0|first
name|first
friends.#.nets|@flatten
friends.#.nets.@flatten|#
nested.@flatten
nested|@flatten:{"deep":true}
nested.@flatten:{"deep":false}|#
age|@flatten
objects.@join
objects|@join:{"preserve":true}
name.@join
name.@keys
name.@values
children.@keys
children.@values
age.@keys
age.@values
missing|@keys
missing|@values
columns.@group
columns.@group.0.val
age.@group
name.@pretty
name.@ugly
name.@valid.first
name.@pretty:{"sortKeys":true}
text.@fromstr
text.@fromstr.list.1
text|@fromstr|id
notJson.@fromstr
age.@fromstr
children.@tostr
name.@tostr
age.@tostr
empty.@tostr
none.@tostr
children.@tostr.@fromstr.0
deep|@dig:id
deep.@dig:id
@dig:id|#
deep|@dig:x.id
friends|@dig:#(age>45)
deep|@dig:missing
children|@dig:0
{name.first,age}
{name.first,"years":age}
{years:age,name.last}
[name.first,age]
[name.first,missing,age]
{name.first,missing}
friends.#.{first,age}
friends.#.[first,age]
friends.0.{first,nets.0}
friends.0.{first,"n":nets.#}
{friends.#.first,children}
{a:friends.#(last=="Craig").first,b:children|@reverse}
{children.@reverse,age}
[children.0,{name.last}]
{name.first,age}.age
{name.first,age}|first
[name.first,age].1
[age,age]|@reverse
friends.{#,0.first}
{children.#}
{"x y":age}
{age,age}
{}
[]
{,}
{age
[age
{fav\.movie}
{name.first}x
friends.#(age>45)#.{first,age}
{first:name.first,friends.#(age>60)#.first}
!"text"
!true
!5
{a:!"x",age}
[age,!null,!false]
!{"a":1}.a
!nothing
..#
..0.age
..1
..#.age
..0.children.1
.age
age.
name..first
.
..
|
name|
|name
children.
children.#.
friends.#.first.
a b
name first
a|b
*|@this
friends|@reverse|0.first
`.trim().split('\n');

const folder = mkdtempSync(join(tmpdir(), 'squall-k6-'));
const server = createServer((_, response) => response.end(JSON.stringify(DOCUMENT)));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
writeFileSync(join(folder, 'script.js'), `
  import http from 'k6/http';
  export default function () {
    const response = http.get('http://127.0.0.1:${server.address().port}/');
    for (const path of ${JSON.stringify(PATHS)}) {
      const found = response.json(path);
      console.log(encodeURIComponent(JSON.stringify(found === undefined ? [path] : [path, found])));
    }
  }`);
const out = join(folder, 'out');
const words = ['run', '--quiet', '--summary-mode=disabled', '--address=localhost:0', '--log-format=raw', '--console-output', out, join(folder, 'script.js')];
await promisify(execFile)(process.env.K6 ?? 'k6', words);
const answers = readFileSync(out, 'utf8').trim().split('\n').map(decodeURIComponent);
const text = `{ "document": ${JSON.stringify(DOCUMENT)},\n"answers": [\n${answers.join(',\n')}\n] }\n`;
writeFileSync(fileURLToPath(new URL('json-paths.json', import.meta.url)), text);
console.log(`${answers.length} answers`);
server.close();
rmSync(folder, { recursive: true, force: true });
