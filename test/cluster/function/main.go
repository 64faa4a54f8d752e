// Command function is an OpenFunction function as its author writes it in Go: it
// tells on its output what it gets.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	ofctx "github.com/OpenFunction/functions-framework-go/context"
	"github.com/OpenFunction/functions-framework-go/framework"
)

// event is what the tests send; an event of a clock has no data.
type event struct {
	ID string `json:"id"`
}

func main() {
	go answerQuestions()
	ctx := context.Background()
	function, err := framework.NewFramework()
	if err != nil {
		log.Fatal(err)
	}
	// Waits for daprd.
	if err := function.Register(ctx, take); err != nil {
		log.Fatal(err)
	}
	// As soon as the framework lets anybody know, and a moment too soon.
	tell(map[string]any{"listening": true})
	if err := function.Start(ctx); err != nil {
		log.Fatal(err)
	}
}

func take(ctx ofctx.Context, data []byte) (ofctx.Out, error) {
	var got event
	if len(data) > 0 {
		if err := json.Unmarshal(data, &got); err != nil {
			return ctx.ReturnOnInternalError(), err
		}
	}
	tell(map[string]any{"input": ctx.GetInputName(), "id": got.ID})
	return ctx.ReturnOnSuccess(), nil
}

// answerQuestions says that all has been told, after all that was, to whoever
// asks; and ends with whoever started it.
func answerQuestions() {
	input := bufio.NewReader(os.Stdin)
	for {
		if _, err := input.ReadByte(); err != nil {
			os.Exit(0)
		}
		tell(map[string]any{"settled": true})
	}
}

func tell(what map[string]any) {
	line, err := json.Marshal(what)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}
