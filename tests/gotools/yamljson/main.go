// Command yamljson answers what sigs.k8s.io/yaml makes of documents.
//
// Each line of standard input is {"data": base64, "stream": bool}; each line of output is
// {"json": string} or {"error": string}. With "stream" the answer is {"count": n}: the documents that
// go.yaml.in/yaml/v2 decodes one after the other, and the error that stopped it, if any.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	goyaml "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

type request struct {
	Data   []byte `json:"data"`
	Stream bool   `json:"stream"`
}

type answer struct {
	JSON  string `json:"json,omitempty"`
	Count int    `json:"count"`
	Error string `json:"error,omitempty"`
}

func convert(data []byte) (result answer) {
	out, err := yaml.YAMLToJSON(data)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{JSON: string(out)}
}

func count(data []byte) (result answer) {
	decoder := goyaml.NewDecoder(bytes.NewReader(data))
	for {
		var value interface{}
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return result
		}
		if err != nil {
			result.Error = err.Error()
			return result
		}
		result.Count++
	}
}

func main() {
	reader := bufio.NewReaderSize(os.Stdin, 1<<20)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			log.Fatal(err)
		}
		result := convert
		if asked.Stream {
			result = count
		}
		if err := encoder.Encode(result(asked.Data)); err != nil {
			log.Fatal(err)
		}
	}
}
