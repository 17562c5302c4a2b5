import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{$t as t,Dn as n,Et as r,Ft as i,G as a,I as o,Mt as s,P as c,R as l,St as u,Xt as d,Yt as f,Zt as p,_t as m,c as h,f as g,j as _,lt as v,ot as y,q as b,qt as x,vt as S,wn as C,wt as w,xt as T,zt as E}from"./start-DlDPsKn3.js";import{t as D}from"./Copyable-GpRNqfCV.js";import{t as O}from"./SectionHead-XaK0iZB8.js";var k=e(n(),1),A={title:`Integration`,text:`How your system records its operations here. The code is ready to copy and run.`,key:`Write key`,keyText:`Programs send entries with a write key. A key is shown only once, so create it here: it is filled into the code.`,toKeys:`All API keys`,keyName:`Integration`,makeKey:`Create write key`,keyMade:e=>`The key “${e}” is in the code below. It will not be shown again after you leave this page.`,keyLabel:`Write key`,keyFailed:e=>`The key could not be created: ${e}`,send:`Record an operation`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`In a shell`,go:`main.go: go run main.go`,javascript:`record.mjs: node record.mjs`,java:`Record.java: java Record.java`},retryNote:`To retry safely after a failure, send your own id and time with each entry: an entry that arrives twice is stored once.`,arrivals:`Incoming operations`,arrivalsText:`Run the code, or send a test entry from here. It is a real entry and stays in the log under your name.`,sendTest:`Send a test entry`,testContent:`Test entry`,testKey:`Test entry, revoked after use`,testFailed:e=>`The test entry could not be sent: ${e}`,isTest:`your test`,waiting:`Waiting for the first operation`,arrived:e=>e===1?`Operation received`:`The last ${e} operations`,lost:`Connecting…`},j={title:`接入`,text:`将您的系统中的操作记录到这里。代码复制后即可运行。`,key:`写入密钥`,keyText:`程序使用写入密钥发送记录。密钥只显示一次，请在这里创建，创建后会直接填入代码。`,toKeys:`全部 API 密钥`,keyName:`系统接入`,makeKey:`创建写入密钥`,keyMade:e=>`密钥“${e}”已填入下面的代码。离开此页面后不再显示。`,keyLabel:`写入密钥`,keyFailed:e=>`无法创建密钥：${e}`,send:`记录一次操作`,programs:{curl:`curl`,go:`Go`,javascript:`JavaScript`,java:`Java`},run:{curl:`在终端中运行`,go:`main.go：go run main.go`,javascript:`record.mjs：node record.mjs`,java:`Record.java：java Record.java`},retryNote:`为每条记录指定自己的 id 和 time，失败后即可放心重试：重复到达的记录只保存一次。`,arrivals:`实时接收`,arrivalsText:`运行代码，或从这里发送一条测试记录。它是真实的记录，会以您的名义保留在日志中。`,sendTest:`发送一条测试记录`,testContent:`测试记录`,testKey:`测试记录（用后吊销）`,testFailed:e=>`无法发送测试记录：${e}`,isTest:`您的测试`,waiting:`等待第一条操作`,arrived:e=>e===1?`已收到操作`:`最近 ${e} 条操作`,lost:`正在连接…`};function M(){return f().tag===`en`?A:j}function N(e){let t=i(),[n,r]=(0,k.useState)(()=>t.getQueryData(T.madeKey(e)));return(0,k.useEffect)(()=>t.removeQueries({queryKey:T.madeKey(e)}),[t,e]),{made:n,make:s({mutationFn:t=>o(e,t),onSuccess:n=>(r(n),t.invalidateQueries({queryKey:T.apiKeys(e)}))})}}function P(e,{entries:[t]}){let n=new Date().toISOString(),{user:r,module:i,operation:a,content:o}=e;return{id:t?.id??``,seq:t?.seq??0,user:r,module:i,operation:a,...o?{content:o}:{},origin:`manual`,outcome:`success`,time:n,received_at:n}}function F(e){return s({mutationFn:async({entry:t,key:n,keyName:r})=>{let i=n===void 0?await o(e,r):void 0;try{return P(t,await u(w(e,`entries`),{method:`POST`,body:t,key:i?.key??n??``}))}finally{i&&await u(w(e,`keys/${encodeURIComponent(i.id)}`),{method:`DELETE`})}}})}var I=6;function L(e){let[t,n]=(0,k.useState)([]),i=(0,k.useCallback)(e=>{n(t=>t.some(t=>t.entry.seq===e.seq)?t:[{entry:e,at:Date.now()},...t].slice(0,I))},[]);return(0,k.useEffect)(()=>C(`page`),[e]),{arrivals:t,listening:g(w(e,`live`),{onEntry:e=>i(r(e))})===`open`,add:i}}var R=p();function z({tenant:e,made:t,sample:n,titles:r}){let i=M(),{username:o,name:s}=a(),{arrivals:c,listening:l,add:u}=L(e.id),d=F(e.id);function f(){let e={user:{id:o,name:s??o},...n,content:{id:`test`,name:i.testContent}};d.mutate({entry:e,key:t?.key,keyName:i.testKey},{onSuccess:u})}return(0,R.jsxs)(`section`,{className:`integration-arrivals`,"aria-labelledby":`integration-arrivals`,children:[(0,R.jsx)(`h2`,{id:`integration-arrivals`,children:i.arrivals}),(0,R.jsx)(`p`,{children:i.arrivalsText}),(0,R.jsx)(_,{kind:`primary`,pending:d.isPending,onClick:f,children:i.sendTest}),d.error&&(0,R.jsx)(y,{kind:`error`,children:i.testFailed(x(d.error))}),(0,R.jsxs)(`p`,{className:l?`integration-state integration-on`:`integration-state`,role:`status`,children:[(0,R.jsx)(`i`,{}),l?c.length===0?i.waiting:i.arrived(c.length):i.lost]}),(0,R.jsx)(`ul`,{children:c.map(t=>(0,R.jsx)(B,{arrival:t,tenant:e,titles:r,isTest:t.entry.seq===d.data?.seq},t.entry.seq))})]})}function B({arrival:{entry:e},tenant:n,titles:r,isTest:i}){let a=M(),{module:o,operation:s,user:c,content:l}=e;return(0,R.jsx)(`li`,{children:(0,R.jsxs)(t,{to:m(n.id,S(e)),children:[(0,R.jsxs)(`span`,{className:`integration-line`,children:[(0,R.jsx)(h,{title:r.operation(s),group:r.group(s)}),(0,R.jsx)(`span`,{className:`cut`,children:v(r.module(o))}),i&&(0,R.jsx)(`small`,{children:a.isTest})]}),(0,R.jsx)(`b`,{className:`cut`,children:v(l?.name||l?.id||c.name)}),(0,R.jsxs)(`small`,{className:`cut`,children:[v(c.name),` · `,E(e.received_at,n.time_zone)]})]})})}var V=[`curl`,`go`,`javascript`,`java`];function H(e){let t=new Set(e?.operations.filter(e=>e.retired).map(e=>e.key)),n=(e?.modules??[]).filter(e=>!e.retired);if(!e||((e,r)=>!t.has(r)&&n.some(t=>t.key===e&&t.operations.includes(r)))(`email`,`send`))return{module:`email`,operation:`send`};for(let{key:e,operations:r}of n){let n=r.find(e=>!t.has(e));if(n)return{module:e,operation:n}}return{module:`email`,operation:`send`}}function U(e,{origin:t,tenant:n,key:r,module:i,operation:a}){let o=`${t}/api/v1/tenants/${encodeURIComponent(n)}/entries`,s=[`"user": {"id": "u_1", "name": "Ada Lovelace", "role": "Editor"}`,`"module": "${i}", "operation": "${a}"`,`"content": {"id": "eml_1", "name": "Spring newsletter"}`],c=e=>`{\n${s.map(t=>`${e}  ${t}`).join(`,
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
}`}}function W({tenant:e}){let n=M(),{gap:r}=d(),{made:i,make:a}=N(e.id),o=b(e.id),[s,u]=(0,k.useState)(`curl`),f=H(o.catalog),p=U(s,{origin:window.location.origin,tenant:e.id,key:i?.key??`YOUR_WRITE_KEY`,...f});return(0,R.jsxs)(R.Fragment,{children:[(0,R.jsx)(O,{title:n.title,text:n.text}),(0,R.jsxs)(`div`,{className:`integration`,children:[(0,R.jsxs)(`div`,{children:[(0,R.jsxs)(`section`,{"aria-labelledby":`integration-key`,children:[(0,R.jsx)(`h2`,{id:`integration-key`,children:n.key}),i?(0,R.jsxs)(R.Fragment,{children:[(0,R.jsx)(`p`,{children:n.keyMade(i.name)}),(0,R.jsx)(D,{label:n.keyLabel,text:i.key})]}):(0,R.jsxs)(R.Fragment,{children:[(0,R.jsxs)(`p`,{children:[n.keyText,r(),(0,R.jsx)(t,{className:`link`,to:l(e.id,`keys`),children:n.toKeys})]}),a.error&&(0,R.jsx)(y,{kind:`error`,children:n.keyFailed(x(a.error))}),(0,R.jsx)(_,{pending:a.isPending,onClick:()=>a.mutate(n.keyName),children:n.makeKey})]})]}),(0,R.jsxs)(`section`,{"aria-labelledby":`integration-send`,children:[(0,R.jsx)(`h2`,{id:`integration-send`,children:n.send}),(0,R.jsx)(c,{label:n.send,value:s,segments:V.map(e=>({value:e,label:n.programs[e]})),onChange:u}),(0,R.jsx)(`div`,{className:`integration-code`,children:(0,R.jsx)(D,{label:n.run[s],text:p},p)}),(0,R.jsx)(`p`,{className:`integration-note`,children:n.retryNote})]})]}),(0,R.jsx)(z,{tenant:e,made:i,sample:f,titles:o})]})]})}export{W as default};