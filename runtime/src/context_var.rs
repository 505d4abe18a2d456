//! Context variables: values that follow a task and those it makes.
//!
//! A global would be seen by everybody, an argument would have to be passed through everything.
//! A context variable has a value for each task: a task that is made takes a copy of the values
//! of the one that makes it, and what it sets later is seen by itself and by those it makes.
//!
//! # Whose context it is
//!
//! 1. Inside [`Context::run`], that context.
//! 2. In a task, the task's own.
//! 3. In a callback, a copy of the context of whoever scheduled it, made at that time.
//! 4. Elsewhere, one for each thread.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::event_loop::{Handle, TimerHandle, copy_values, current_vars, vars_to_write, with_vars};
use crate::vars::{SharedVars, Value, Vars};

/// A variable with a value for each context.
///
/// It is a `static`: its address is its identity. Values are cloned out; they are `Send + Sync`,
/// because [`to_thread`](crate::to_thread) takes the context along. The asyncio counterpart is
/// `contextvars.ContextVar`.
///
/// ```
/// use looplet::{ContextVar, create_task, run};
///
/// static REQUEST: ContextVar<u32> = ContextVar::new("request");
///
/// run(async {
///     REQUEST.set(1);
///     let task = create_task(async {
///         let inherited = REQUEST.get();
///         REQUEST.set(2);
///         (inherited, REQUEST.get())
///     });
///     REQUEST.set(3);
///     assert_eq!(task.await, (Some(1), Some(2)));
///     assert_eq!(REQUEST.get(), Some(3));
/// });
/// ```
pub struct ContextVar<T> {
    name: &'static str,
    /// Makes sure that no two variables have the same address.
    _place: u8,
    _value: PhantomData<fn() -> T>,
}

impl<T> ContextVar<T> {
    /// Makes a variable that has no value anywhere. The name is for those who debug.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            _place: 0,
            _value: PhantomData,
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl<T: Clone + Send + Sync + 'static> ContextVar<T> {
    /// Returns a copy of the value in the current context, if it has one.
    pub fn get(&'static self) -> Option<T> {
        let value = current_vars()?.get(self.key())?;
        value_of(value)
    }

    /// Sets the value in the current context. What is returned puts the old one back.
    pub fn set(&'static self, value: T) -> ContextToken<T> {
        let vars = vars_to_write();
        let old = vars.set(self.key(), Some(Arc::new(value)));
        ContextToken {
            variable: self,
            vars,
            old,
        }
    }

    /// Puts the value back that was there before a [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// [`WrongContext`] if that was in another context, or of another variable.
    pub fn reset(&'static self, token: ContextToken<T>) -> Result<(), WrongContext> {
        let same_variable = std::ptr::eq(self, token.variable);
        let same_context = current_vars().is_some_and(|vars| vars.is_same(&token.vars));
        if !same_variable || !same_context {
            return Err(WrongContext);
        }
        let replaced = token.vars.set(self.key(), token.old);
        drop(replaced);
        Ok(())
    }
}

fn value_of<T: Clone + Send + Sync + 'static>(value: Value) -> Option<T> {
    let any: &(dyn Any + Send + Sync) = &*value;
    any.downcast_ref().cloned()
}

impl<T> fmt::Debug for ContextVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<ContextVar name='{}'>", self.name)
    }
}

/// What [`ContextVar::set`] returns: the value that was there before, for
/// [`reset`](ContextVar::reset). The asyncio counterpart is `contextvars.Token`.
///
/// ```
/// use looplet::{ContextVar, copy_context};
///
/// static USER: ContextVar<&str> = ContextVar::new("user");
///
/// copy_context().run(|| {
///     let token = USER.set("ada");
///     USER.reset(token).expect("it is of this context");
///     assert_eq!(USER.get(), None);
/// });
/// ```
pub struct ContextToken<T: 'static> {
    variable: &'static ContextVar<T>,
    vars: SharedVars,
    old: Option<Value>,
}

impl<T> fmt::Debug for ContextToken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<ContextToken of {:?}>", self.variable)
    }
}

/// Says that a value was set in another context, or that of another variable.
///
/// Python raises `ValueError`.
///
/// ```
/// use looplet::{ContextVar, WrongContext, copy_context};
///
/// static USER: ContextVar<&str> = ContextVar::new("user");
///
/// let token = copy_context().run(|| USER.set("ada"));
/// let elsewhere = copy_context().run(|| USER.reset(token));
/// assert_eq!(elsewhere, Err(WrongContext));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongContext;

impl fmt::Display for WrongContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value was set in another context, or is that of another variable")
    }
}

impl Error for WrongContext {}

/// The values of all context variables, as one thing.
///
/// Clones stand for the same context; [`copy_context`] makes a new one. The asyncio counterpart is
/// `contextvars.Context`.
///
/// ```
/// use looplet::{Context, ContextVar};
///
/// static USER: ContextVar<&str> = ContextVar::new("user");
///
/// let context = Context::new();
/// context.run(|| USER.set("ada"));
/// assert_eq!(context.get(&USER), Some("ada"));
/// assert_eq!(USER.get(), None);
/// ```
#[derive(Clone, Default)]
pub struct Context {
    vars: SharedVars,
}

impl Context {
    /// Makes a context without values.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of(vars: Vars) -> Self {
        let vars = SharedVars::new(vars);
        Self { vars }
    }

    /// The context that has these values, and not a copy of them.
    pub(crate) fn sharing(vars: SharedVars) -> Self {
        Self { vars }
    }

    pub(crate) fn vars(&self) -> &SharedVars {
        &self.vars
    }

    /// Calls `call` in this context: what it sets stays in here.
    pub fn run<R>(&self, call: impl FnOnce() -> R) -> R {
        with_vars(Some(self.vars.clone()), call)
    }

    /// Returns a copy of the value of a variable in this context, if it has one.
    pub fn get<T: Clone + Send + Sync + 'static>(
        &self,
        variable: &'static ContextVar<T>,
    ) -> Option<T> {
        value_of(self.vars.get(variable.key())?)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Context of {} values>", self.vars.snapshot().len())
    }
}

/// Returns a copy of the current context. The asyncio counterpart is
/// `contextvars.copy_context`.
///
/// ```
/// use looplet::{ContextVar, copy_context, run};
///
/// static USER: ContextVar<&str> = ContextVar::new("user");
///
/// run(async {
///     USER.set("ada");
///     let copy = copy_context();
///     USER.set("bob");
///     assert_eq!(copy.get(&USER), Some("ada"));
/// });
/// ```
pub fn copy_context() -> Context {
    Context::of(copy_values())
}

impl Handle {
    /// Returns a copy of the context in which the callback was scheduled, and with whose values it
    /// begins. What the callback sets is not in it. The asyncio counterpart is `get_context`.
    ///
    /// ```
    /// use looplet::{ContextVar, get_running_loop, run};
    ///
    /// static USER: ContextVar<&str> = ContextVar::new("user");
    ///
    /// run(async {
    ///     USER.set("ada");
    ///     let handle = get_running_loop().call_soon(|| assert_eq!(USER.get(), Some("ada")));
    ///     USER.set("bob");
    ///     assert_eq!(handle.context().get(&USER), Some("ada"));
    /// });
    /// ```
    #[doc(alias = "get_context")]
    pub fn context(&self) -> Context {
        Context::of(self.values())
    }
}

impl TimerHandle {
    /// Returns a copy of the context in which the callback was scheduled, as
    /// [`Handle::context`] does.
    #[doc(alias = "get_context")]
    pub fn context(&self) -> Context {
        Context::of(self.values())
    }
}
