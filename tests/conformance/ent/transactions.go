package main

import (
	"context"
	"errors"

	"conformance/ent"
)

// begin starts a transaction.
func begin(c *ent.Client) *ent.Tx {
	tx, err := c.Tx(ctx)
	if err != nil {
		panic(err)
	}
	return tx
}

// onCommit is a commit hook that prints its name around the rest.
func onCommit(name string) ent.CommitHook {
	return func(next ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			say("before %s", name)
			if err := next.Commit(ctx, tx); err != nil {
				return err
			}
			say("after %s", name)
			return nil
		})
	}
}

// onRollback is a rollback hook that does.
func onRollback(name string) ent.RollbackHook {
	return func(next ent.Rollbacker) ent.Rollbacker {
		return ent.RollbackFunc(func(ctx context.Context, tx *ent.Tx) error {
			say("before %s", name)
			if err := next.Rollback(ctx, tx); err != nil {
				return err
			}
			say("after %s", name)
			return nil
		})
	}
}

// committing is a commit hook of a function.
func committing(body func(tx *ent.Tx, next func() error) error) ent.CommitHook {
	return func(inner ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			return body(tx, func() error { return inner.Commit(ctx, tx) })
		})
	}
}

// end commits, says what is stored and whether others can write, and rolls back what is still open.
func end(c *ent.Client, tx *ent.Tx) {
	report("Commit", tx.Commit())
	stored(c)
	_, err := c.User.Create().SetName("another").Save(ctx)
	report("writing outside", err)
	report("Rollback", tx.Rollback())
}

func transactions() {
	scenario("B63 commit hooks", func(c *ent.Client) {
		tx := begin(c)
		tx.OnCommit(onCommit("A"))
		tx.OnCommit(onCommit("B"))
		tx.OnRollback(onRollback("R"))
		add(tx.Client(), "Ada")
		report("Commit", tx.Commit())
		stored(c)
	})
	scenario("B63 rollback hooks", func(c *ent.Client) {
		tx := begin(c)
		tx.OnCommit(onCommit("A"))
		tx.OnRollback(onRollback("R"))
		tx.OnRollback(onRollback("S"))
		add(tx.Client(), "Ada")
		report("Rollback", tx.Rollback())
		stored(c)
	})
	scenario("B71 mutation hooks in a transaction", func(c *ent.Client) {
		c.User.Use(traced("f"))
		tx := begin(c)
		add(tx.Client(), "Ada")
		add(tx.Client(), "Grace")
		report("Commit", tx.Commit())
		stored(c)
	})
	scenario("B11 an error in a mutation leaves the transaction usable", func(c *ent.Client) {
		tx := begin(c)
		add(tx.Client(), "Ada")
		_, err := tx.User.Create().Save(ctx)
		report("Create without a name", err)
		add(tx.Client(), "Grace")
		report("Commit", tx.Commit())
		stored(c)
	})
	scenario("B64 Commit and Rollback after the end", func(c *ent.Client) {
		tx := begin(c)
		tx.OnCommit(onCommit("A"))
		tx.OnRollback(onRollback("R"))
		add(tx.Client(), "Ada")
		report("Commit", tx.Commit())
		report("Commit again", tx.Commit())
		report("Rollback", tx.Rollback())
		_, err := tx.User.Create().SetName("Grace").Save(ctx)
		report("Create", err)
		stored(c)
	})
	scenario("B65 a commit hook fails before next", func(c *ent.Client) {
		tx := begin(c)
		tx.OnCommit(onCommit("A"))
		tx.OnCommit(committing(func(*ent.Tx, func() error) error { return errors.New("vetoed") }))
		tx.OnCommit(onCommit("B"))
		tx.OnRollback(onRollback("R"))
		add(tx.Client(), "Ada")
		end(c, tx)
	})
	scenario("B66 a commit hook fails after next", func(c *ent.Client) {
		tx := begin(c)
		tx.OnCommit(onCommit("A"))
		tx.OnCommit(committing(func(_ *ent.Tx, next func() error) error {
			if err := next(); err != nil {
				return err
			}
			return errors.New("too late")
		}))
		add(tx.Client(), "Ada")
		end(c, tx)
	})
	scenario("B67 a commit hook does not call next", func(c *ent.Client) {
		tx := begin(c)
		tx.OnCommit(onCommit("A"))
		tx.OnCommit(committing(func(*ent.Tx, func() error) error { return nil }))
		tx.OnRollback(onRollback("R"))
		add(tx.Client(), "Ada")
		end(c, tx)
	})
	scenario("B82 a rollback hook does not call next", func(c *ent.Client) {
		tx := begin(c)
		tx.OnRollback(func(ent.Rollbacker) ent.Rollbacker {
			return ent.RollbackFunc(func(context.Context, *ent.Tx) error { return nil })
		})
		add(tx.Client(), "Ada")
		report("Rollback", tx.Rollback())
		end(c, tx)
	})
	scenario("B62 a commit hook rolls back", func(c *ent.Client) {
		tx := begin(c)
		tx.OnRollback(onRollback("R"))
		tx.OnCommit(committing(func(tx *ent.Tx, _ func() error) error {
			stored(tx.Client())
			report("Rollback", tx.Rollback())
			return errors.New("changed its mind")
		}))
		add(tx.Client(), "Ada")
		report("Commit", tx.Commit())
		stored(c)
	})
	scenario("B61 a mutation hook rolls back", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			tx, err := m.Tx()
			if err != nil {
				return next()
			}
			report("Rollback", tx.Rollback())
			return nil, errors.New("nobody is to be added")
		}))
		tx := begin(c)
		tx.OnRollback(onRollback("R"))
		_, err := tx.User.Create().SetName("Ada").Save(ctx)
		report("Create", err)
		_, err = tx.Card.Create().SetNumber("1").SetInHook("no").Save(ctx)
		report("Create of a card", err)
		report("Commit", tx.Commit())
		stored(c)
	})
	scenario("B71 what a hook wrote goes with the transaction", func(c *ent.Client) {
		c.Card.Use(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			add(m.Client(), "written by the hook")
			return next()
		}))
		tx := begin(c)
		addCard(tx.Client(), "1", 0)
		stored(tx.Client())
		report("Rollback", tx.Rollback())
		stored(c)
	})
	scenario("B83 a mutation hook commits", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			tx, err := m.Tx()
			if err != nil {
				return nil, err
			}
			report("Commit in the hook", tx.Commit())
			return next()
		}))
		tx := begin(c)
		_, err := tx.User.Create().SetName("Ada").Save(ctx)
		report("Create", err)
		report("Commit", tx.Commit())
		stored(c)
	})
	scenario("B62 a mutation hook registers a commit hook", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			tx, err := m.Tx()
			if err != nil {
				return nil, err
			}
			tx.OnCommit(onCommit("A"))
			return next()
		}))
		tx := begin(c)
		add(tx.Client(), "Ada")
		report("Commit", tx.Commit())
		stored(c)
	})
	scenario("B60 whether a mutation runs in a transaction", func(c *ent.Client) {
		c.User.Use(edit(func(m *ent.UserMutation) {
			_, err := m.Tx()
			name, _ := m.Name()
			say("%s: %t", name, err == nil)
		}))
		add(c, "outside")
		tx := begin(c)
		add(tx.Client(), "inside")
		add(tx.Client().Debug(), "inside, traced")
		report("Commit", tx.Commit())
	})
	scenario("B13 a hook registered on a transaction", func(c *ent.Client) {
		tx := begin(c)
		tx.User.Use(traced("f"))
		add(tx.Client(), "Ada")
		report("Commit", tx.Commit())
		say("afterwards")
		add(c, "Grace")
	})
	scenario("B69 a transaction in a transaction", func(c *ent.Client) {
		tx := begin(c)
		add(tx.Client(), "Ada")
		inner, err := tx.Client().Tx(ctx)
		report("inner", err)
		if err == nil {
			add(inner.Client(), "Grace")
			report("inner Rollback", inner.Rollback())
		}
		report("Commit", tx.Commit())
		stored(c)
	})
	scenario("B70 the base client in a transaction", func(c *ent.Client) {
		tx := begin(c)
		add(tx.Client(), "Ada")
		n, err := c.User.Query().Count(ctx)
		counted("Count", n, err)
		_, err = c.User.Create().SetName("Grace").Save(ctx)
		report("Create", err)
		report("Commit", tx.Commit())
		stored(c)
	})
}
