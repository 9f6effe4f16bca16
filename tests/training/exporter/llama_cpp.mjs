// node llama_cpp.mjs NODE_MODULES CASES MODEL [LORA]: the likeliest next token after each token, by llama.cpp; and the
// tokens of some texts. CASES: JSON with "ids" (lists of token ids) and "texts". Prints JSON.
import {readFile} from "node:fs/promises";
import {pathToFileURL} from "node:url";

const [modules, cases, modelPath, lora] = process.argv.slice(2);
const {getLlama} = await import(pathToFileURL(`${modules}/node-llama-cpp/dist/index.js`));
const {ids, texts} = JSON.parse(await readFile(cases, "utf8"));
const llama = await getLlama({gpu: false, build: "never", progressLogs: false, maxThreads: 2});
const model = await llama.loadModel({modelPath});
const context = await model.createContext({contextSize: 512, lora});
const likeliest = [];
for (const tokens of ids) {
    const sequence = context.getSequence();
    const output = await sequence.controlledEvaluate(
        tokens.map((token) => [token, {generateNext: {token: true, options: {temperature: 0}}}])
    );
    likeliest.push(output.map((one) => one.next.token));
    sequence.dispose();
}
console.log(JSON.stringify({likeliest, tokens: texts.map((text) => model.tokenize(text, true))}));
process.exit(0);
