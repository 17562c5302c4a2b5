import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{$ as t,An as n,Bt as r,Cn as i,Dn as a,Gt as o,In as s,L as c,Mt as l,On as u,Vt as d,Wt as f,Yt as p,an as m,bt as h,it as g,k as _,kn as v,kt as y,mn as b,qt as x,tn as S,ut as C,vt as w}from"./start-CcPxt85-.js";import{B as T,G as E}from"./first-DZjm8BPd.js";import{t as D}from"./Copyable-CdcQjVMF.js";import{t as O}from"./SectionHead-CF9qbsS7.js";import{t as k}from"./writeKey-C-xw3KJv.js";var A=e(s(),1),j={title:`Integration`,text:`How your system records its operations here. The code is ready to copy and run.`,key:`Write key`,keyText:`Programs send entries with a write key. A key is shown only once, so create it here: it is filled into the code.`,toKeys:`All API keys`,keyName:`Integration`,makeKey:`Create write key`,keyMade:e=>`The key “${e}” is in the code below. It will not be shown again after you leave this page.`,keyLabel:`Write key`,keyFailed:e=>`The key could not be created: ${e}`,send:`Record an operation`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`In a shell`,go:`main.go: go run main.go`,javascript:`record.mjs: node record.mjs`,java:`Record.java: java Record.java`},retryNote:`To retry safely after a failure, send your own id and time with each entry: an entry that arrives twice is stored once.`,arrivals:`Incoming operations`,arrivalsText:`Run the code, or send a test entry from here. It is a real entry and stays in the log under your name.`,sendTest:`Send a test entry`,testContent:`Test entry`,testKey:`Test entry, revoked after use`,testFailed:e=>`The test entry could not be sent: ${e}`,isTest:`your test`,waiting:`Waiting for the first operation`,arrived:e=>e===1?`Operation received`:`The last ${e} operations`,lost:`Connecting…`},M={title:`接入`,text:`将您的系统中的操作记录到这里。代码复制后即可运行。`,key:`写入密钥`,keyText:`程序使用写入密钥发送记录。密钥只显示一次，请在这里创建，创建后会直接填入代码。`,toKeys:`全部 API 密钥`,keyName:`系统接入`,makeKey:`创建写入密钥`,keyMade:e=>`密钥“${e}”已填入下面的代码。离开此页面后不再显示。`,keyLabel:`写入密钥`,keyFailed:e=>`无法创建密钥：${e}`,send:`记录一次操作`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`在终端中运行`,go:`main.go：go run main.go`,javascript:`record.mjs：node record.mjs`,java:`Record.java：java Record.java`},retryNote:`为每条记录指定自己的 id 和 time，失败后即可放心重试：重复到达的记录只保存一次。`,arrivals:`实时接收`,arrivalsText:`运行代码，或从这里发送一条测试记录。它是真实的记录，会以您的名义保留在日志中。`,sendTest:`发送一条测试记录`,testContent:`测试记录`,testKey:`测试记录（用后吊销）`,testFailed:e=>`无法发送测试记录：${e}`,isTest:`您的测试`,waiting:`等待第一条操作`,arrived:e=>e===1?`已收到操作`:`最近 ${e} 条操作`,lost:`正在连接…`};function N(){return a().tag===`en`?j:M}function P(e){let t=m(),[n,r]=(0,A.useState)(()=>t.getQueryData(f.createdKey(e)));return(0,A.useEffect)(()=>t.removeQueries({queryKey:f.createdKey(e)}),[t,e]),{made:n,make:S({mutationFn:t=>k(e,t),onSuccess:n=>(r(n),t.invalidateQueries({queryKey:f.apiKeys(e)}))})}}function F(e,{entries:[t]}){let n=new Date().toISOString(),{user:r,module:i,operation:a,content:o}=e;return{id:t?.id??``,seq:t?.seq??0,user:r,module:i,operation:a,...o?{content:o}:{},origin:`manual`,outcome:`success`,time:n,received_at:n}}function I(e){return S({mutationFn:async({entry:t,key:n,keyName:r})=>{let i=n===void 0?await k(e,r):void 0;try{return F(t,await o(x(e,`entries`),{method:`POST`,body:t,key:i?.key??n??``}))}finally{i&&await o(x(e,`keys/${encodeURIComponent(i.id)}`),{method:`DELETE`})}}})}var L=6;function R(e){let[t,n]=(0,A.useState)([]),r=(0,A.useCallback)(e=>{n(t=>t.some(t=>t.entry.seq===e.seq)?t:[{entry:e,at:Date.now()},...t].slice(0,L))},[]);return(0,A.useEffect)(()=>T(`page`),[e]),{arrivals:t,listening:c(x(e,`live`),{onEntry:e=>r(p(e))})===`open`,add:r}}var z=v();function B({tenant:e,made:n,sample:r,titles:a}){let o=N(),{username:s,name:c}=w(),{arrivals:l,listening:u,add:d}=R(e.id),f=I(e.id);function p(){let e={user:{id:s,name:c??s},...r,content:{id:`test`,name:o.testContent}};f.mutate({entry:e,key:n?.key,keyName:o.testKey},{onSuccess:d})}return(0,z.jsxs)(`section`,{className:`integration-arrivals`,"aria-labelledby":`integration-arrivals`,children:[(0,z.jsx)(`h2`,{id:`integration-arrivals`,children:o.arrivals}),(0,z.jsx)(`p`,{children:o.arrivalsText}),(0,z.jsx)(t,{kind:`primary`,pending:f.isPending,onClick:p,children:o.sendTest}),f.error&&(0,z.jsx)(y,{kind:`error`,children:o.testFailed(i(f.error))}),(0,z.jsxs)(`p`,{className:u?`integration-state integration-on`:`integration-state`,role:`status`,children:[(0,z.jsx)(`i`,{}),u?l.length===0?o.waiting:o.arrived(l.length):o.lost]}),(0,z.jsx)(`ul`,{children:l.map(t=>(0,z.jsx)(V,{arrival:t,tenant:e,titles:a,isTest:t.entry.seq===f.data?.seq},t.entry.seq))})]})}function V({arrival:{entry:e},tenant:t,titles:i,isTest:a}){let o=N(),{module:s,operation:c,user:u,content:f}=e;return(0,z.jsx)(`li`,{children:(0,z.jsxs)(n,{to:r(t.id,d(e)),children:[(0,z.jsxs)(`span`,{className:`integration-line`,children:[(0,z.jsx)(_,{title:i.operation(c),group:i.group(c)}),(0,z.jsx)(`span`,{className:`cut`,children:l(i.module(s))}),a&&(0,z.jsx)(`small`,{children:o.isTest})]}),(0,z.jsx)(`b`,{className:`cut`,children:l(f?.name||f?.id||u.name)}),(0,z.jsxs)(`small`,{className:`cut`,children:[l(u.name),` · `,b(e.received_at,t.time_zone)]})]})})}var H=[`curl`,`go`,`javascript`,`java`];function U(e){let t=new Set(e?.operations.filter(e=>e.retired).map(e=>e.key)),n=(e?.modules??[]).filter(e=>!e.retired);if(!e||((e,r)=>!t.has(r)&&n.some(t=>t.key===e&&t.operations.includes(r)))(`email`,`send`))return{module:`email`,operation:`send`};for(let{key:e,operations:r}of n){let n=r.find(e=>!t.has(e));if(n)return{module:e,operation:n}}return{module:`email`,operation:`send`}}function W(e,{origin:t,tenant:n,key:r,module:i,operation:a}){let o=`${t}/api/v1/tenants/${encodeURIComponent(n)}/entries`,s=[`"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}`,`"module": "${i}", "operation": "${a}"`,`"content": {"id": "eml_1", "name": "Spring newsletter"}`],c=e=>`{\n${s.map(t=>`${e}  ${t}`).join(`,
`)}\n${e}}`;switch(e){case`curl`:return`curl '${o}' \\
  -H 'Authorization: Bearer ${r}' \\
  -H 'Content-Type: application/json' \\
  -d '${c(`  `)}'`;case`go`:return`package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

func main() {
	entry := \`${c(`	`)}\`
	req, err := http.NewRequest("POST", "${o}", strings.NewReader(entry))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer ${r}")
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status, string(text))
}`;case`javascript`:return`const answer = await fetch('${o}', {
  method: 'POST',
  headers: {
    Authorization: 'Bearer ${r}',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({
    user: { id: 'u_1', name: 'Ada Lovelace', role: 'Editor' },
    module: '${i}',
    operation: '${a}',
    content: { id: 'eml_1', name: 'Spring newsletter' },
  }),
})
console.log(answer.status, await answer.text())`;case`java`:return`import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Record {
    public static void main(String[] args) throws Exception {
        String entry = "{"
            + ${s.map((e,t)=>JSON.stringify(t<s.length-1?`${e}, `:e)).join(`
            + `)}
            + "}";
        HttpRequest request = HttpRequest.newBuilder()
            .uri(URI.create("${o}"))
            .header("Authorization", "Bearer ${r}")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(entry))
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}`}}function G({tenant:e}){let r=N(),{gap:a}=u(),{made:o,make:s}=P(e.id),c=h(e.id),[l,d]=(0,A.useState)(`curl`),f=U(c.catalog),p=W(l,{origin:window.location.origin+E,tenant:e.id,key:o?.key??`YOUR_WRITE_KEY`,...f});return(0,z.jsxs)(z.Fragment,{children:[(0,z.jsx)(O,{title:r.title,text:r.text}),(0,z.jsxs)(`div`,{className:`integration`,children:[(0,z.jsxs)(`div`,{children:[(0,z.jsxs)(`section`,{"aria-labelledby":`integration-key`,children:[(0,z.jsx)(`h2`,{id:`integration-key`,children:r.key}),o?(0,z.jsxs)(z.Fragment,{children:[(0,z.jsx)(`p`,{children:r.keyMade(o.name)}),(0,z.jsx)(D,{label:r.keyLabel,text:o.key})]}):(0,z.jsxs)(z.Fragment,{children:[(0,z.jsxs)(`p`,{children:[r.keyText,a(),(0,z.jsx)(n,{className:`link`,to:C(e.id,`keys`),children:r.toKeys})]}),s.error&&(0,z.jsx)(y,{kind:`error`,children:r.keyFailed(i(s.error))}),(0,z.jsx)(t,{pending:s.isPending,onClick:()=>s.mutate(r.keyName),children:r.makeKey})]})]}),(0,z.jsxs)(`section`,{"aria-labelledby":`integration-send`,children:[(0,z.jsx)(`h2`,{id:`integration-send`,children:r.send}),(0,z.jsx)(g,{label:r.send,value:l,segments:H.map(e=>({value:e,label:r.programs[e]})),onChange:d}),(0,z.jsx)(`div`,{className:`integration-code`,children:(0,z.jsx)(D,{label:r.run[l],text:p},p)}),(0,z.jsx)(`p`,{className:`integration-note`,children:r.retryNote})]})]}),(0,z.jsx)(B,{tenant:e,made:o,sample:f,titles:c})]})]})}export{G as default};