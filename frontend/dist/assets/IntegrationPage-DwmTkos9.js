import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{Bt as t,Jt as n,K as r,M as i,Mt as a,Nt as o,Q as s,V as c,Wt as l,Xt as u,Yt as d,d as f,dt as p,f as m,lt as h,m as g,qt as _,vt as v,yt as y,zt as b}from"./start-CSNduFm_.js";import{t as x}from"./Copyable-BtPqXur4.js";import{t as S}from"./SectionHead-DiyDuvX7.js";var C=e(u(),1),w=6,T=3e3;function E(e){let[n,r]=(0,C.useState)([]),[i,a]=(0,C.useState)(!1),o=(0,C.useCallback)(e=>{r(t=>t.some(t=>t.entry.seq===e.seq)?t:[{entry:e,at:Date.now()},...t].slice(0,w))},[]);return(0,C.useEffect)(()=>{let n,r;function i(){n=new EventSource(t(e,`live`)),n.onopen=()=>a(!0),n.addEventListener(`entry`,e=>o(l(e.data))),n.addEventListener(`end`,s),n.onerror=()=>{a(!1),n?.readyState===EventSource.CLOSED&&s()}}function s(){n?.close(),a(!1),window.clearTimeout(r),r=window.setTimeout(i,T)}return i(),()=>{window.clearTimeout(r),n?.close()}},[e,o]),{arrivals:n,listening:i,add:o}}var D={title:`Integration`,text:`How your system records its operations here. What you copy is ready to run.`,key:`Write key`,keyText:`A program sends with a write key. The key is shown once, so it is made here and goes straight into the code.`,toKeys:`All API keys`,keyName:`Integration`,makeKey:`Make a write key`,keyMade:e=>`The key “${e}” stands in the code below. It is not shown again after you leave this page.`,keyLabel:`Write key`,keyFailed:e=>`The key was not made: ${e}`,send:`Record an operation`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`In a shell`,go:`main.go: go run main.go`,javascript:`record.mjs: node record.mjs`,java:`Record.java: java Record.java`},retryNote:`To send again safely after a failure, give the entry an id and a time of your own: what arrives twice is stored once.`,arrivals:`Arriving now`,arrivalsText:`Run the code, or send a test entry from here. It is a real entry: it stays in the log under your name.`,sendTest:`Send a test entry`,testContent:`Test entry`,testKey:`Test entry, revoked after use`,testFailed:e=>`The test entry was not sent: ${e}`,isTest:`your test`,waiting:`Waiting for the first operation`,arrived:e=>e===1?`The operation has arrived`:`The last ${e} operations`,lost:`Connecting…`},O={title:`接入`,text:`您的系统如何把操作记录到这里。复制的代码可以直接运行。`,key:`写入密钥`,keyText:`程序使用写入密钥发送记录。密钥只显示一次，因此在这里创建后会直接填入代码。`,toKeys:`全部 API 密钥`,keyName:`系统接入`,makeKey:`创建写入密钥`,keyMade:e=>`密钥“${e}”已填入下面的代码。离开此页后不再显示。`,keyLabel:`写入密钥`,keyFailed:e=>`密钥未创建：${e}`,send:`记录一次操作`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`在终端中运行`,go:`main.go：go run main.go`,javascript:`record.mjs：node record.mjs`,java:`Record.java：java Record.java`},retryNote:`为记录指定自己的 id 和 time，失败后即可放心重发：重复到达的记录只保存一次。`,arrivals:`实时到达`,arrivalsText:`运行代码，或从这里发送一条测试记录。它是真实的记录，会以您的名义保留在日志中。`,sendTest:`发送一条测试记录`,testContent:`测试记录`,testKey:`测试记录（用后吊销）`,testFailed:e=>`测试记录未发送：${e}`,isTest:`您的测试`,waiting:`等待第一条操作`,arrived:e=>e===1?`操作已到达`:`最近 ${e} 条操作`,lost:`正在连接…`};function k(){return a().tag===`en`?D:O}var A=n();function j({tenant:e,made:t,sample:n,titles:i}){let a=k(),{username:o,name:s}=d(),{arrivals:c,listening:l,add:u}=E(e.id),f=m(e.id);function p(){let e={user:{id:o,name:s??o},...n,content:{id:`test`,name:a.testContent}};f.mutate({entry:e,key:t?.key,keyName:a.testKey},{onSuccess:u})}return(0,A.jsxs)(`section`,{className:`integration-arrivals`,"aria-labelledby":`integration-arrivals`,children:[(0,A.jsx)(`h2`,{id:`integration-arrivals`,children:a.arrivals}),(0,A.jsx)(`p`,{children:a.arrivalsText}),(0,A.jsx)(r,{kind:`primary`,pending:f.isPending,onClick:p,children:a.sendTest}),f.error&&(0,A.jsx)(h,{kind:`error`,children:a.testFailed(b(f.error))}),(0,A.jsxs)(`p`,{className:l?`integration-state integration-on`:`integration-state`,role:`status`,children:[(0,A.jsx)(`i`,{}),l?c.length===0?a.waiting:a.arrived(c.length):a.lost]}),(0,A.jsx)(`ul`,{children:c.map(t=>(0,A.jsx)(M,{arrival:t,tenant:e,titles:i,isTest:t.entry.seq===f.data?.seq},t.entry.seq))})]})}function M({arrival:{entry:e},tenant:t,titles:n,isTest:r}){let a=k(),{module:o,operation:l,user:u,content:d}=e;return(0,A.jsx)(`li`,{children:(0,A.jsxs)(c,{to:v(t.id,y(e)),children:[(0,A.jsxs)(`span`,{className:`integration-line`,children:[(0,A.jsx)(i,{title:n.operation(l),group:n.group(l)}),(0,A.jsx)(`span`,{className:`cut`,children:n.module(o)}),r&&(0,A.jsx)(`small`,{children:a.isTest})]}),(0,A.jsx)(`b`,{className:`cut`,children:d?.name||d?.id||u.name}),(0,A.jsxs)(`small`,{className:`cut`,children:[u.name,` · `,s(e.received_at,t.time_zone)]})]})})}var N=[`curl`,`go`,`javascript`,`java`];function P(e){let t=new Set(e?.operations.filter(e=>e.retired).map(e=>e.key)),n=(e?.modules??[]).filter(e=>!e.retired);if(!e||((e,r)=>!t.has(r)&&n.some(t=>t.key===e&&t.operations.includes(r)))(`email`,`send`))return{module:`email`,operation:`send`};for(let{key:e,operations:r}of n){let n=r.find(e=>!t.has(e));if(n)return{module:e,operation:n}}return{module:`email`,operation:`send`}}function F(e,{origin:t,tenant:n,key:r,module:i,operation:a}){let o=`${t}/api/v1/tenants/${encodeURIComponent(n)}/entries`,s=[`"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}`,`"module": "${i}", "operation": "${a}"`,`"content": {"id": "eml_1", "name": "Spring newsletter"}`],c=e=>`{\n${s.map(t=>`${e}  ${t}`).join(`,
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
}`}}function I({tenant:e}){let t=k(),{gap:n}=o(),{made:i,make:a}=f(e.id),s=p(e.id),[l,u]=(0,C.useState)(`curl`),d=P(s.catalog),m=F(l,{origin:window.location.origin,tenant:e.id,key:i?.key??`YOUR_WRITE_KEY`,...d});return(0,A.jsxs)(A.Fragment,{children:[(0,A.jsx)(S,{title:t.title,text:t.text}),(0,A.jsxs)(`div`,{className:`integration`,children:[(0,A.jsxs)(`div`,{children:[(0,A.jsxs)(`section`,{"aria-labelledby":`integration-key`,children:[(0,A.jsx)(`h2`,{id:`integration-key`,children:t.key}),i?(0,A.jsxs)(A.Fragment,{children:[(0,A.jsx)(`p`,{children:t.keyMade(i.name)}),(0,A.jsx)(x,{label:t.keyLabel,text:i.key})]}):(0,A.jsxs)(A.Fragment,{children:[(0,A.jsxs)(`p`,{children:[t.keyText,n(),(0,A.jsx)(c,{className:`link`,to:g(e.id,`keys`),children:t.toKeys})]}),a.error&&(0,A.jsx)(h,{kind:`error`,children:t.keyFailed(b(a.error))}),(0,A.jsx)(r,{pending:a.isPending,onClick:()=>a.mutate(t.keyName),children:t.makeKey})]})]}),(0,A.jsxs)(`section`,{"aria-labelledby":`integration-send`,children:[(0,A.jsx)(`h2`,{id:`integration-send`,children:t.send}),(0,A.jsx)(_,{label:t.send,value:l,segments:N.map(e=>({value:e,label:t.programs[e]})),onChange:u}),(0,A.jsx)(`div`,{className:`integration-code`,children:(0,A.jsx)(x,{label:t.run[l],text:m},m)}),(0,A.jsx)(`p`,{className:`integration-note`,children:t.retryNote})]})]}),(0,A.jsx)(j,{tenant:e,made:i,sample:d,titles:s})]})]})}export{I as default};