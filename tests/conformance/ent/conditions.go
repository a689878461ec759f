package main

import (
	"context"
	"errors"

	"conformance/ent"
	"conformance/ent/hook"
)

func conditions() {
	scenario("B15 On and Unless", func(c *ent.Client) {
		c.User.Use(hook.On(noted("on updates"), ent.OpUpdate|ent.OpUpdateOne))
		c.User.Use(hook.Unless(noted("unless Create"), ent.OpCreate))
		c.User.Use(hook.On(noted("on all but UpdateOne"), ^ent.OpUpdateOne))
		everyOp(c)
	})
	scenario("B16 Reject as a mixin hook", func(c *ent.Client) {
		note := c.Note.Create().SetText("one").SaveX(ctx)
		_, err := c.Note.Update().SetText("two").Save(ctx)
		report("Update", err)
		_, err = c.Note.UpdateOne(note).SetText("three").Save(ctx)
		report("UpdateOne", err)
		_, err = c.Note.Delete().Exec(ctx)
		report("Delete", err)
	})
	scenario("B17 Reject of two Ops", func(c *ent.Client) {
		c.User.Use(traced("outer"), hook.Reject(ent.OpDelete|ent.OpDeleteOne), traced("inner"))
		everyOp(c)
		stored(c)
	})
	scenario("B18 Reject unless a field is set", func(c *ent.Client) {
		c.User.Use(hook.If(hook.FixedError(errors.New("nothing but the worth is updated")),
			hook.And(hook.HasOp(ent.OpUpdate|ent.OpUpdateOne), hook.Not(hook.HasFields("worth")))))
		add(c, "Ada")
		_, err := c.User.Update().SetAge(5).Save(ctx)
		report("Update of the age", err)
		_, err = c.User.Update().SetAge(5).SetWorth(1).Save(ctx)
		report("Update of age and worth", err)
		_, err = c.User.Update().AddWorth(1).Save(ctx)
		report("Update that adds to the worth", err)
		stored(c)
	})
	scenario("B19 FixedError on update-many of a field", func(c *ent.Client) {
		c.User.Use(hook.If(hook.FixedError(errors.New("one nickname at a time")),
			hook.And(hook.HasOp(ent.OpUpdate),
				hook.Or(hook.HasFields("nickname"), hook.HasClearedFields("nickname")))))
		add(c, "Ada")
		n, err := c.User.Update().SetNickname("A").Save(ctx)
		counted("Update that sets", n, err)
		n, err = c.User.Update().ClearNickname().Save(ctx)
		counted("Update that clears", n, err)
		n, err = c.User.Update().SetAge(1).Save(ctx)
		counted("Update of the age", n, err)
		user, err := c.User.UpdateOneID(1).SetNickname("A").Save(ctx)
		got("UpdateOne that sets", user, err)
	})
	scenario("B20 Or of set and cleared", func(c *ent.Client) {
		c.User.Use(hook.If(noted("nickname"),
			hook.Or(hook.HasFields("nickname"), hook.HasClearedFields("nickname"))))
		add(c, "Ada")
		c.User.UpdateOneID(1).SetNickname("A").SaveX(ctx)
		c.User.UpdateOneID(1).ClearNickname().SaveX(ctx)
		c.User.UpdateOneID(1).SetAge(1).SaveX(ctx)
		c.User.DeleteOneID(1).ExecX(ctx)
	})
	scenario("B21 HasAddedFields", func(c *ent.Client) {
		c.User.Use(hook.If(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			added, _ := m.AddedWorth()
			say("added: %d", added)
			return next()
		}), hook.HasAddedFields("worth")))
		add(c, "Ada")
		c.User.UpdateOneID(1).AddWorth(100).SaveX(ctx)
		c.User.UpdateOneID(1).AddAge(1).SaveX(ctx)
		c.User.UpdateOneID(1).SetWorth(5).SaveX(ctx)
		c.User.Update().AddWorth(1).AddWorth(2).SaveX(ctx)
		stored(c)
	})
	scenario("B22 a condition behind a hook that sets the field", func(c *ent.Client) {
		named := hook.HasFields("nickname")
		c.User.Use(hook.If(noted("before it"), named))
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			m.SetNickname("A")
			return next()
		}))
		c.User.Use(hook.If(noted("behind it"), named))
		add(c, "Ada")
	})
	scenario("B20 several fields in one condition", func(c *ent.Client) {
		c.User.Use(hook.If(noted("name and nickname"), hook.HasFields("name", "nickname")))
		c.User.Use(hook.If(noted("age and worth added"), hook.HasAddedFields("age", "worth")))
		everyOp(c)
		add(c, "Grace")
		c.User.Update().AddAge(1).SaveX(ctx)
		c.User.Update().AddAge(1).AddWorth(1).SaveX(ctx)
	})
	scenario("B19 And, Or and Not of three stop early", func(c *ent.Client) {
		asked := func(name string, answer bool) hook.Condition {
			return func(context.Context, ent.Mutation) bool {
				say("asked %s", name)
				return answer
			}
		}
		yes, no := asked("yes", true), asked("no", false)
		c.User.Use(hook.If(noted("and"), hook.And(yes, no, yes)))
		c.User.Use(hook.If(noted("or"), hook.Or(no, yes, no)))
		c.User.Use(hook.If(noted("all"), hook.And(yes, yes, hook.Not(no))))
		c.User.Use(hook.If(noted("none"), hook.Or(no, no, hook.Not(yes))))
		add(c, "Ada")
	})
	scenario("B15 conditions with every Op", func(c *ent.Client) {
		updates := hook.HasOp(ent.OpUpdate | ent.OpUpdateOne)
		named := hook.HasFields("name")
		c.User.Use(hook.If(noted("named or update"), hook.Or(named, updates)))
		c.User.Use(hook.If(noted("update without name"), hook.And(updates, hook.Not(named))))
		cleared := hook.HasClearedFields("nickname")
		c.User.Use(hook.On(hook.If(noted("clears"), cleared), ent.OpUpdateOne))
		c.User.Use(hook.If(hook.On(noted("deletes"), ent.OpDelete|ent.OpDeleteOne), hook.Not(named)))
		everyOp(c)
	})
	scenario("B29 a condition on a field that is not there", func(c *ent.Client) {
		c.User.Use(hook.If(noted("never"), hook.HasFields("nick_name")))
		_, err := c.User.Create().SetName("Ada").Save(ctx)
		report("Create", err)
	})
}
