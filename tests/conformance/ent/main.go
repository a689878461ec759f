// Command conformance runs the scenarios in ent and prints their trace, a header and lines for
// each. Every file of this folder but main.go has a twin of the same name in ../grapnel; what the
// two print is compared.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"conformance/ent"
	"conformance/ent/hook"
	_ "conformance/ent/runtime"
	"conformance/trace"

	_ "github.com/mattn/go-sqlite3"
)

var (
	ctx    = context.Background()
	say    = trace.Say
	traced = trace.Traced
	folder string
	count  int
)

func main() {
	var err error
	if folder, err = os.MkdirTemp("", "conformance"); err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	trace.NoUpdateMany = hook.Reject(ent.OpUpdate)
	order()
	conditions()
	mutations()
	bulks()
	transactions()
	random()
}

// scenario prints the header and runs body on an empty database of its own.
func scenario(name string, body func(client *ent.Client)) {
	say("== %s", name)
	count++
	file := filepath.Join(folder, fmt.Sprintf("%d.db", count))
	source := "file:" + file + "?_fk=1&_sync=0&_busy_timeout=1"
	client, err := ent.Open("sqlite3", source, ent.Log(func(...interface{}) {}))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := client.Schema.Create(ctx); err != nil {
		log.Fatal(err)
	}
	defer func() {
		if reason := recover(); reason != nil {
			say("panic")
			log.Print(reason)
		}
	}()
	body(client)
}

// describe names the kind of an error of ent's; of any other it gives the text.
func describe(err error) string {
	var invalid *ent.ValidationError
	switch {
	case strings.HasSuffix(err.Error(), sql.ErrTxDone.Error()): // it is not always wrapped
		return "error: TxError"
	case ent.IsNotFound(err):
		return "error: NotFound"
	case errors.As(err, &invalid):
		return "error: Validation of " + invalid.Name
	case ent.IsConstraintError(err):
		return "error: Constraint"
	}
	return "error: " + err.Error()
}

// report says how an action without a result went.
func report(what string, err error) {
	if err != nil {
		say("%s: %s", what, describe(err))
		return
	}
	say("%s: done", what)
}

// counted says how many rows were touched.
func counted(what string, n int, err error) {
	if err != nil {
		report(what, err)
		return
	}
	say("%s: %d", what, n)
}

// got says which user came back.
func got(what string, user *ent.User, err error) {
	if err != nil {
		report(what, err)
		return
	}
	say("%s: %s", what, text(user))
}

func text(user *ent.User) string {
	if user == nil {
		return "nothing"
	}
	return fmt.Sprintf("%d %s %d %s %d",
		user.ID, user.Name, user.Age, orDash(user.Nickname), user.Worth)
}

func orDash(nickname string) string {
	if nickname == "" {
		return "-"
	}
	return nickname
}

// stored says which users the database holds.
func stored(client *ent.Client) {
	users, err := client.User.Query().Order(ent.Asc("id")).All(ctx)
	if err != nil {
		report("stored", err)
		return
	}
	texts := []string{}
	for _, user := range users {
		texts = append(texts, text(user))
	}
	say("stored: [%s]", strings.Join(texts, ", "))
}

// storedCards says which cards the database holds.
func storedCards(client *ent.Client) {
	texts := []string{}
	for _, card := range client.Card.Query().Order(ent.Asc("id")).AllX(ctx) {
		texts = append(texts, fmt.Sprintf("%d %s %s owner=%d expired_at=%d set_at=%s seen_at=%s",
			card.ID, card.Number, card.InHook, card.OwnerID, card.ExpiredAt,
			second(card.SetAt), second(card.SeenAt)))
	}
	say("cards: [%s]", strings.Join(texts, ", "))
}

// second is a time in seconds since 1970; a NULL reads as the zero time.
func second(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return fmt.Sprint(t.Unix())
}

// add makes a user, without a line in the trace but for its hooks'.
func add(client *ent.Client, name string) *ent.User {
	return client.User.Create().SetName(name).SetAge(30).SetWorth(100).SaveX(ctx)
}

// addCard makes a card.
func addCard(client *ent.Client, number string, owner int64) *ent.Card {
	return client.Card.Create().SetNumber(number).SetInHook("no").SetOwnerID(owner).SaveX(ctx)
}

// next goes on with what comes after a hook.
type next func() (ent.Value, error)

// onUser is a hook of users, written as a function of the mutation and what comes next.
func onUser(body func(m *ent.UserMutation, next next) (ent.Value, error)) ent.Hook {
	return func(inner ent.Mutator) ent.Mutator {
		return hook.UserFunc(func(ctx context.Context, m *ent.UserMutation) (ent.Value, error) {
			return body(m, func() (ent.Value, error) { return inner.Mutate(ctx, m) })
		})
	}
}

// onCard is a hook of cards.
func onCard(body func(m *ent.CardMutation, next next) (ent.Value, error)) ent.Hook {
	return func(inner ent.Mutator) ent.Mutator {
		return hook.CardFunc(func(ctx context.Context, m *ent.CardMutation) (ent.Value, error) {
			return body(m, func() (ent.Value, error) { return inner.Mutate(ctx, m) })
		})
	}
}

// noted is a hook of every type that prints its name before the rest.
func noted(name string) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			say("%s: %s", name, trace.Op(m.Op()))
			return next.Mutate(ctx, m)
		})
	}
}

// everyOp runs one mutation of each Op, the name and nickname set where they can be.
func everyOp(client *ent.Client) {
	users := client.User
	user, err := users.Create().SetName("Ada").Save(ctx)
	got("Create", user, err)
	n, err := users.Update().SetName("Grace").SetNickname("G").Save(ctx)
	counted("Update", n, err)
	user, err = users.UpdateOneID(1).SetAge(7).ClearNickname().Save(ctx)
	got("UpdateOne", user, err)
	report("DeleteOne", users.DeleteOneID(1).Exec(ctx))
	n, err = users.Delete().Exec(ctx)
	counted("Delete", n, err)
}
