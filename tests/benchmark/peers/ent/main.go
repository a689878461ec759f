// Command benchmark times ent's Create of an Account with three hooks around it, in memory:
//
//	benchmark MODE COUNT
//
// prints the nanoseconds that each of COUNT creations took. MODE is tx, all inside one transaction, or
// auto, each in its own.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"benchmark/ent"

	"github.com/facebook/ent/dialect"
	entsql "github.com/facebook/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"
)

// What is created before the clock starts: ent's maps, database/sql's pools and Go's heap settle.
const warmUp = 2000

var (
	ctx    = context.Background()
	calls  int
	inputs [1024]input
)

// input is what one creation sets: the values that Grapnel's side sets as well.
type input struct {
	name     string
	age      int64
	nickname string
	score    float64
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: benchmark tx|auto COUNT")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 {
		log.Fatal("COUNT is a number from 1 up, not ", os.Args[2])
	}
	for i := range inputs {
		inputs[i] = input{
			fmt.Sprintf("name %d", i), int64(i % 90), fmt.Sprintf("nick %d", i%1000), float64(i) / 8,
		}
	}
	client, err := open()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	var took time.Duration
	switch os.Args[1] {
	case "tx":
		took, err = inTx(client, count)
	case "auto":
		took, err = measure(client.Account, count)
	default:
		log.Fatal("MODE is tx or auto, not ", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", float64(took.Nanoseconds())/float64(count))
}

// open gives a client of an empty database. With one connection, never dropped, it is private and needs
// no shared cache, whose table locks would cost ent more.
func open() (*ent.Client, error) {
	db, err := sql.Open("sqlite3", "file:ent?mode=memory&_fk=1")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	client := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.SQLite, db)))
	if err := client.Schema.Create(ctx); err != nil {
		return nil, err
	}
	for i := 0; i < 3; i++ {
		client.Use(counted)
	}
	return client, nil
}

// counted is a hook that does next to nothing.
func counted(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		calls++
		return next.Mutate(ctx, m)
	})
}

func inTx(client *ent.Client, count int) (time.Duration, error) {
	tx, err := client.Tx(ctx)
	if err != nil {
		return 0, err
	}
	took, err := measure(tx.Account, count)
	if err != nil {
		return 0, err
	}
	return took, tx.Rollback()
}

func measure(accounts *ent.AccountClient, count int) (time.Duration, error) {
	if err := create(accounts, warmUp); err != nil {
		return 0, err
	}
	calls = 0
	start := time.Now()
	err := create(accounts, count)
	took := time.Since(start)
	if err == nil && calls != 3*count {
		err = errors.New("not every hook ran")
	}
	return took, err
}

func create(accounts *ent.AccountClient, count int) error {
	for i := 0; i < count; i++ {
		in := &inputs[i%len(inputs)]
		account, err := accounts.Create().
			SetName(in.name).
			SetAge(in.age).
			SetNickname(in.nickname).
			SetScore(in.score).
			Save(ctx)
		if err != nil {
			return err
		}
		if account.ID == 0 {
			return errors.New("a row without an id")
		}
	}
	return nil
}
